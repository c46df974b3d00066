# The example project with a driver for MariaDB that needs no compiler: PyMySQL under the name and with a version of
# mysqlclient that Django accepts.
ARG PROJECT_IMAGE
FROM ${PROJECT_IMAGE}
RUN pip install --quiet "PyMySQL==1.1.*" && \
    echo 'import pymysql; pymysql.version_info = (2, 2, 7, "final", 0); pymysql.install_as_MySQLdb()' \
        > "$(python -c 'import site; print(site.getsitepackages()[0])')/mysqlclient.pth"
