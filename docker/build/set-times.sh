#!/bin/sh
# What a step of the build writes gets the time SOURCE_DATE_EPOCH, so that two builds of one state have the same layers.
#
# set-times.sh begin        before the step
# set-times.sh now | end    what the step has written so far; at its end. Files of the base keep their times, whatever these are: to
#                           change them would copy them. What the engine has mounted into the step's container is left alone.
# set-times.sh DIRECTORY    all of it
set -eu
MARK=/tmp/set-times.mark

case "$1" in
begin)
    # The clock of files goes in steps of some milliseconds.
    touch --date='1 second ago' "$MARK"
    ;;
now | end)
    find / -xdev \
        \( -path /proc -o -path /sys -o -path /dev -o -path /etc/hosts -o -path /etc/hostname -o -path /etc/resolv.conf \) -prune \
        -o -newer "$MARK" ! -path "$MARK" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    if [ "$1" = end ]; then
        rm "$MARK"
        touch --date="@$SOURCE_DATE_EPOCH" /tmp
    fi
    ;;
*)
    find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    ;;
esac
