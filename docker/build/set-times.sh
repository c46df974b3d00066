#!/bin/sh
# What a step of the build writes gets the time SOURCE_DATE_EPOCH, so that two builds of one state have the same layers.
#
# set-times.sh begin        before the step
# set-times.sh now | end    what the step has written so far; at its end. Files of the base keep their times, whatever these are: to
#                           change them would copy them. What the engine has made for the step's container is left alone: it would be in the
#                           layer or not by how long the container took to start.
# set-times.sh DIRECTORY    all of it
#
# The first three take a directory that stands for `/`, for tests.
set -eu
root=${2:-}
MARK=$root/tmp/set-times.mark

case "$1" in
begin)
    # The clock of files goes in steps of some milliseconds, and some programs set times in whole seconds.
    touch --date='1 second ago' "$MARK"
    ;;
now | end)
    find "$root/" -xdev \
        \( -path "$root/proc" -o -path "$root/sys" -o -path "$root/dev" -o -path "$root/etc/hosts" -o -path "$root/etc/hostname" \
        -o -path "$root/etc/resolv.conf" -o -path "$root/etc/mtab" -o -path "$root/.dockerenv" -o -path "$root/run/.containerenv" \) -prune \
        -o -newer "$MARK" ! -path "$MARK" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    if [ "$1" = end ]; then
        # The engine has just written there, within the second or before it.
        touch --date="@$SOURCE_DATE_EPOCH" "$root/etc"
        rm "$MARK"
        touch --date="@$SOURCE_DATE_EPOCH" "$root/tmp"
    fi
    ;;
*)
    find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    ;;
esac
