#!/bin/sh
# Makes what docker-compose.production.yml mounts: random secrets, one file each, in a folder that only its owner may
# enter. Once: what is there is never replaced, for the database's volume keeps the passwords that it was made with.
set -eu
cd "$(dirname "$0")/.."
folder=${SECRETS_FOLDER:-secrets}

if [ -e "$folder" ]; then
  echo "$folder is there already, and stays as it is" >&2
  exit 1
fi

# 256 random bits as 64 hexadecimal characters: they stand in URLs, SQL and Redis's file without being quoted.
random() {
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

sha256() {
  if command -v sha256sum >/dev/null; then printf %s "$1" | sha256sum | cut -c1-64
  else printf %s "$1" | shasum -a 256 | cut -c1-64; fi
}

# The folder guards them: the containers' users have other numbers than their owner here, and have to read them.
umask 077
mkdir "$folder"
put() {
  cat >"$folder/$1"
  chmod 444 "$folder/$1"
}

database_password=$(random)
migration_password=$(random)
redis_password=$(random)
publish_key=pk_$(random)

printf %s "$database_password" | put database-password
printf %s "mysql://postline:$database_password@mysql:3306/postline" | put database-url
printf %s "mysql://postline-migrations:$migration_password@mysql:3306/postline" | put database-migration-url
# The services' user reads and writes rows. The other one changes the schema when a new version starts.
put database-users <<SQL
CREATE USER 'postline'@'%' IDENTIFIED BY '$database_password';
GRANT SELECT, INSERT, UPDATE, DELETE ON postline.* TO 'postline'@'%';
CREATE USER 'postline-migrations'@'%' IDENTIFIED BY '$migration_password';
GRANT ALL PRIVILEGES ON postline.* TO 'postline-migrations'@'%';
SQL

printf %s "redis://postline:$redis_password@redis:6379" | put redis-url
# The services' user publishes and subscribes on Postline's channels; it can read, write or list nothing at all.
put redis-users <<ACL
user default on nopass resetkeys resetchannels -@all +ping
user postline on #$(sha256 "$redis_password") resetkeys resetchannels &updates:* -@all +hello +auth +ping +client|setname +publish +subscribe +unsubscribe
ACL

printf %s "$(random)" | put client-token-secret
printf %s "$publish_key" | put publish-key
printf '%s\n' "publisher:$(sha256 "$publish_key")" | put publish-keys

echo "made in $folder/: the key for publishers is in publish-key, the secret that signs clients' tokens in client-token-secret"
