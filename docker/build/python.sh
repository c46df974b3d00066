#!/bin/sh
# /usr/local/bin/python and python3, where the base has none: the Python of the image's environment, for whoever names it by that path.
#
# Virtual environments that were made in an image of Docker's `python` lead to that path, and have the packages of another Python. One that was
# copied over /opt/venv would lead here and back for ever.
if [ -e "${0%/*}/../pyvenv.cfg" ]; then
    echo "djinit: $0 leads to the Python of the image in which its virtual environment was made, and this image has another one:" \
        "make it in a stage FROM djinit, or build djinit on that image (docs/project.md, \"A build of several stages\")" >&2
    exit 78
fi
exec /opt/venv/bin/python "$@"
