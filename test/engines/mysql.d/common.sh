# Sourced by mysql and mariadb after they set PREFIX, VERSION and FIRST_PORT; they define `prepare`, which brings the server
# program into $TREE, `initialize FILE`, which makes $EMPTY, a new data folder in which FILE's statements were run, and `program`,
# which sets COMMAND and BASE to what runs it.
# Several may run at once: each version and TLS mode has its own folder and port (server +0, off +1, expired +2 …).
setting() { local name="${PREFIX}_$1"; printf '%s' "${!name:-$2}"; }
TREE="$ENGINES_HOME/${PREFIX,,}-$VERSION"
# How names of databases and tables are kept and compared, which stands once the data folder is made (lower_case_table_names): as written
# (default), or in lower case.
NAMES="$(setting NAMES written)"
case "$NAMES" in written) NAMED=() ;; lower) NAMED=(--lower-case-table-names=1) ;; *) echo "${PREFIX}_NAMES: written or lower" >&2; exit 2 ;; esac
EMPTY="$TREE/empty-$NAMES-$(cat "$0" "$HERE"/mysql.d/common.sh | cksum | cut -d' ' -f1)"
LEAVES="$CERTS"
TLS="$(setting TLS server)"
case "$TLS" in
  server) shift_by=0 ;; off) shift_by=1 ;; expired) shift_by=2 ;; wronghost) shift_by=3 ;; selfsigned) shift_by=4 ;; auto) shift_by=5 ;;
  *) echo "${PREFIX}_TLS: server, off, expired, wronghost, selfsigned or auto" >&2; exit 2 ;;
esac
[ "$NAMES" = written ] || shift_by=$((shift_by + 6))
PORT="$(setting PORT $((FIRST_PORT + shift_by)))"
ENGINES_RUN="$ENGINES_RUN/${INSTANCE:-$VERSION-$TLS$([ "$NAMES" = written ] || echo "-$NAMES")}"

engine_install() { # one at a time: versions and modes are started side by side
  mkdir -p "$TREE"
  (! command -v flock >/dev/null || flock 8; bring) 8>"$TREE.lock"
}

bring() {
  local many
  [ -e "$EMPTY/.done" ] && return 0
  prepare
  rm -rf "$TREE/empty-$NAMES"-* "$TREE"/empty-[0-9]*; mkdir "$EMPTY"
  many="$(mktemp)"; many_tables > "$many"; chmod 644 "$many"
  program
  initialize "$many"
  rm "$many"; touch "$EMPTY/.done"
}

# A database of a thousand tables, here and not at each start because it takes seconds.
many_tables() {
  local i
  echo 'CREATE DATABASE many CHARACTER SET utf8mb4;'
  for ((i = 0; i < 1000; i++)); do
    printf "CREATE TABLE many.t%04d (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL DEFAULT '' COMMENT 'of many', at DATETIME, KEY by_name (name, at)) ENGINE=MyISAM COMMENT='One of many';\n" "$i"
  done
}

engine_start() {
  local options=() seed="$RUN/init.sql"
  (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null && die "port $PORT is taken"
  cp -r --reflink=auto "$EMPTY" "$RUN/data"; rm "$RUN/data/.done"
  cat "$HERE/mysql.d/shop.sql" > "$seed"; more_seed >> "$seed"
  program
  case "$TLS" in
    off) options+=("${NO_TLS[@]}") ;;
    auto) ;; # the certificate that the server makes for itself: the state of most installations
    *) options+=(--ssl-ca="$CERTS/ca.crt" --ssl-cert="$LEAVES/$TLS.crt" --ssl-key="$LEAVES/$TLS.key") ;;
  esac
  spawn server "${COMMAND[@]}" "${BASE[@]}" "${NAMED[@]}" --datadir="$RUN/data" --bind-address=127.0.0.1 --port="$PORT" \
    --socket=server.sock --pid-file=server.pid --init-file="$seed" --skip-name-resolve --skip-log-bin \
    --character-set-server=utf8mb4 --innodb-buffer-pool-size=64M "${options[@]}"
  # The port listens before the init file has run; that it is ready, and the greeting, come after.
  local i
  for ((i = 0; i < 600; i++)); do
    grep -q 'ready for connections' "$RUN/server.log" && (exec 3<>"/dev/tcp/127.0.0.1/$PORT" && LC_ALL=C read -r -t 30 -N 1 -u 3 _) 2>/dev/null && break
    processes_live || break
    sleep 0.1
  done
  # An error in the init file ends it, and the server goes on. (MySQL's reader of it takes a lone ' for a quote, in backticks too.)
  if [ "$i" -lt 600 ] && processes_live && ! grep -E '\[ERROR\]|^ERROR' "$RUN/server.log" >&2; then return 0; fi
  tail -n 20 "$RUN/server.log" >&2
  die "does not answer on port $PORT as it should"
}

engine_env() {
  cat <<ENV
${PREFIX}_HOST=127.0.0.1
${PREFIX}_PORT=$PORT
${PREFIX}_SERVER_VERSION=$VERSION
${PREFIX}_TLS=$TLS
${PREFIX}_DATABASE=shop
${PREFIX}_ADMIN_USER=mooring_admin
${PREFIX}_ADMIN_PASSWORD=admin
${PREFIX}_USER=mooring_reader
${PREFIX}_PASSWORD=p@ss:w/rd#1%
${PREFIX}_CA=$CERTS/ca.crt
${PREFIX}_OTHER_CA=$CERTS/other-ca.crt
${PREFIX}_CLIENT_CERT=$CERTS/client.crt
${PREFIX}_CLIENT_KEY=$CERTS/client.key
ENV
}
