#!/bin/sh
# Joins the users beside this script into one access list for Redis, each with the hash of its password:
#
#   users.sh ACCESS-LIST worker=PASSWORD-FILE client=PASSWORD-FILE flower=PASSWORD-FILE
#
# A user that is not named does not exist then; `default`, who needs no password, is off. No command line and no file
# shows a password: printf is the shell's own.
set -eu
umask 077

list=$1
shift
users="user default off"
for pair in "$@"; do
    rules="$(dirname "$0")/${pair%%=*}.acl"
    file=${pair#*=}
    if [ ! -r "$rules" ]; then
        echo "there is no user ${pair%%=*}: $rules cannot be read" >&2
        exit 1
    fi
    if [ ! -r "$file" ]; then
        echo "the password file $file cannot be read: write a password into it" >&2
        exit 1
    fi
    password=$(cat "$file")
    if [ -z "$password" ]; then
        echo "the password file $file is empty: write a password into it" >&2
        exit 1
    fi
    digest=$(printf %s "$password" | sha256sum)
    line=$(grep '^user ' "$rules")
    users="$users
${line%%PASSWORD_SHA256*}${digest%% *}${line#*PASSWORD_SHA256}"
done
printf '%s\n' "$users" > "$list"
