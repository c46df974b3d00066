# MariaDB from Debian's packages, for tests: the tables of the server are made at build time. User and password are
# `cakes`, with every right on every database whose name begins with `test_`.
FROM debian:trixie-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends mariadb-server && \
    rm -rf /var/lib/apt/lists/* /var/lib/mysql/* && \
    printf "CREATE USER cakes@'%%' IDENTIFIED BY 'cakes';\nGRANT ALL ON \`test\\\\_%%\`.* TO cakes@'%%';\n" > /init.sql && \
    install -d -o mysql -g mysql /run/mysqld
USER mysql
RUN mariadb-install-db --skip-test-db --auth-root-authentication-method=normal > /dev/null && \
    mariadbd --bootstrap < /dev/null
ENTRYPOINT ["mariadbd", "--bind-address=*", "--skip-name-resolve", "--init-file=/init.sql", "--innodb-flush-log-at-trx-commit=0"]
EXPOSE 3306
