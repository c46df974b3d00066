# The example project with Debian's build of mysqlclient, which is for the same Python that the image's environment has.
ARG PROJECT_IMAGE
FROM ${PROJECT_IMAGE}
RUN apt-get update && \
    apt-get install -y --no-install-recommends python3-mysqldb && \
    rm -rf /var/lib/apt/lists/* && \
    ln -s /usr/lib/python3/dist-packages/MySQLdb "$(python -c 'import site; print(site.getsitepackages()[0])')/"
