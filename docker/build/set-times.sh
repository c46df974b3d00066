#!/bin/sh
# What a step of the build writes gets the time SOURCE_DATE_EPOCH, so that two builds of one state have the same layers.
#
# set-times.sh begin        before the step
# set-times.sh now | end    what the step has written so far; at its end. Files of the base keep their times, whatever these are: to
#                           change them would copy them. What the engine has mounted into the step's container is left alone.
# set-times.sh DIRECTORY    all of it
#
# The first three take a directory that stands for `/`, for tests.
set -eu
root=${2:-}
MARK=$root/tmp/set-times.mark

case "$1" in
begin)
    # What the engine has just made for the step, /.dockerenv and /etc/mtab, is no newer than the mark: where it counted, it was in the
    # layer or not by how long the container took to start. All that the step writes is newer: the clock of files goes in steps of
    # some milliseconds, and the next one is waited for.
    touch "$MARK"
    until [ -n "$(find "$MARK.next" -newer "$MARK" 2>/dev/null)" ]; do
        touch "$MARK.next"
    done
    rm "$MARK.next"
    ;;
now | end)
    find "$root/" -xdev \
        \( -path "$root/proc" -o -path "$root/sys" -o -path "$root/dev" -o -path "$root/etc/hosts" -o -path "$root/etc/hostname" \
        -o -path "$root/etc/resolv.conf" \) -prune \
        -o -newer "$MARK" ! -path "$MARK" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    if [ "$1" = end ]; then
        rm "$MARK"
        touch --date="@$SOURCE_DATE_EPOCH" "$root/tmp"
    fi
    ;;
*)
    find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    ;;
esac
