/**
 * What is run on a host before our own program is there, and to remove it: shell scripts. Each is a constant; whatever varies comes
 * on its standard input. What an rc file prints comes before the mark and is passed over.
 */
export const MARK = "=trainyard=";

/** Looks at the host. Lines in: the bundle's hash, a Node to prefer, the pool folder (the last two may be empty). */
export const LOOK = asCommand(String.raw`
printf '\n=trainyard=\n'
IFS= read -r bundle
IFS= read -r preferred
IFS= read -r home
case "$home" in "") home="$HOME/.trainyard" ;; "~/"*) home="$HOME/${"$"}{home#"~/"}" ;; esac
case "$preferred" in "~/"*) preferred="$HOME/${"$"}{preferred#"~/"}" ;; esac
good() {
  [ -x "$1" ] && [ "$("$1" -e 'const [a,b]=process.versions.node.split(".").map(Number);console.log(a>22||a===22&&b>=13)' </dev/null 2>/dev/null)" = true ]
}
find_node() {
  if [ -n "$preferred" ]; then
    if good "$preferred"; then printf '%s' "$preferred"; fi
    return
  fi
  chosen=$(cat "$home/runtime/chosen" 2>/dev/null)
  if [ -n "$chosen" ] && [ -x "$chosen" ]; then printf '%s' "$chosen"; return; fi
  for candidate in "$(command -v node 2>/dev/null)" "$home"/runtime/*/node "$HOME"/.nvm/versions/node/v*/bin/node \
    "$HOME"/.vscode-server*/cli/servers/*/server/node "$HOME"/.vscode-server*/bin/*/node \
    "$HOME"/.cursor-server/cli/servers/*/server/node "$HOME"/.cursor-server/bin/*/node \
    "$HOME"/.vscodium-server/bin/*/node "$HOME"/.windsurf-server/bin/*/node /usr/local/bin/node /usr/bin/node; do
    if good "$candidate"; then printf '%s' "$candidate"; return; fi
  done
}
alone() {
  [ -O "$1" ] && case "$(ls -ldnL "$1" 2>/dev/null)" in d????w* | d???????w*) false ;; d*) true ;; *) false ;; esac
}
# What another account may have put there must not be run.
if [ -e "$home" ] && ! alone "$home"; then
  printf 'home=%s\nforeign=yes\nend=yes\n' "$home"
  exit 0
fi
node=$(find_node)
# A disk that has become read-only since is looked at below.
if [ -n "$node" ] && [ -f "$home/server/$bundle/complete" ] && [ -w "$home" ]; then
  exec "$node" "$home/server/$bundle/host.js" open --home "$home"
fi
printf 'node=%s\n' "$node"
printf 'home=%s\n' "$home"
printf 'system=%s\n' "$(uname -s)"
printf 'machine=%s\n' "$(uname -m)"
printf 'libc=%s\n' "$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 | head -n 1)"
printf 'python=%s\n' "$(command -v python3 2>/dev/null)"
printf 'git=%s\n' "$(command -v git 2>/dev/null)"
umask 077
if mkdir -p "$home" 2>/dev/null && [ -w "$home" ]; then
  printf 'writable=yes\n'
  probe="$home/.exec-$$"
  if printf '#!/bin/sh\nexit 0\n' > "$probe" 2>/dev/null && chmod 700 "$probe" && "$probe" 2>/dev/null; then printf 'exec=yes\n'; fi
  rm -f "$probe"
  printf 'freeKiB=%s\n' "$(df -Pk "$home" 2>/dev/null | tail -n 1 | awk '{print $4}')"
fi
printf 'end=yes\n'
`);

/** Which server a pool folder belongs to: its lock. A line in: the folder (may be empty). */
export const OWNER = asCommand(String.raw`
printf '\n=trainyard=\n'
IFS= read -r home
case "$home" in "") home="$HOME/.trainyard" ;; "~/"*) home="$HOME/${"$"}{home#"~/"}" ;; esac
printf 'lock=%s\n' "$(head -c 4096 "$home/state/lock" 2>/dev/null | tr '\n' ' ')"
printf 'end=yes\n'
`);

/**
 * Runs our program on the pool's files (protocol/maintenance.ts): what follows on its standard input is the program's. Lines in:
 * the bundle's hash, the pool folder, a Node to prefer (the last two may be empty).
 */
export const MAINTAIN = asCommand(String.raw`
printf '\n=trainyard=\n'
IFS= read -r bundle
IFS= read -r home
IFS= read -r node
case "$home" in "") home="$HOME/.trainyard" ;; "~/"*) home="$HOME/${"$"}{home#"~/"}" ;; esac
case "$node" in "~/"*) node="$HOME/${"$"}{node#"~/"}" ;; esac
if [ -O "$home" ]; then
  [ -n "$node" ] || node=$(cat "$home/runtime/chosen" 2>/dev/null)
  if [ -x "$node" ] && [ -f "$home/server/$bundle/complete" ]; then
    printf 'home=%s\n' "$home"
    exec "$node" "$home/server/$bundle/server.js" maintain
  fi
fi
printf 'missing=yes\n'
`);

/**
 * Takes a Node in. Lines in: the pool folder, the runtime's name (the beginning of its SHA-256), the offset that the sender
 * begins at (or `ask`); then its bytes, gzipped. What came before a cut stays, and is gone on with; what is damaged does not.
 */
export const RECEIVE_RUNTIME = asCommand(String.raw`
printf '\n=trainyard=\n'
IFS= read -r home
IFS= read -r name
IFS= read -r offset
umask 077
folder="$home/runtime/$name"
partial="$folder/node.gz.partial"
mkdir -p "$folder" || exit 1
if [ "$offset" = ask ]; then
  if [ -f "$partial" ]; then printf 'have=%s\n' "$(wc -c < "$partial")"; else printf 'have=0\n'; fi
  printf 'end=yes\n'
  exit 0
fi
if [ "$offset" = 0 ]; then : > "$partial"; fi
cat >> "$partial" || exit 1
damaged() { rm -f "$partial" "$folder/node.partial"; printf 'damaged=yes\nend=yes\n'; exit 0; }
# Without sha256sum there is still the checksum of gzip.
case "$(sha256sum < "$partial" 2>/dev/null || { gzip -dtq < "$partial" && printf %s "$name"; })" in "$name"*) ;; *) damaged ;; esac
gzip -dc < "$partial" > "$folder/node.partial" || exit 1
chmod 700 "$folder/node.partial"
if ! "$folder/node.partial" -e 0 </dev/null; then rm -f "$partial" "$folder/node.partial"; printf 'unusable=yes\nend=yes\n'; exit 0; fi
mv -f "$folder/node.partial" "$folder/node" && rm -f "$partial" && printf 'node=%s\nend=yes\n' "$folder/node"
`);

/** Takes our own program in. Lines in: the Node, the pool folder, the bundle's hash; then gzip of JSON { path: base64 }. */
export const INSTALL_BUNDLE = asCommand(String.raw`
printf '\n=trainyard=\n'
IFS= read -r node
IFS= read -r home
IFS= read -r bundle
umask 077
export TRAINYARD_INSTALL_TO="$home/server/$bundle"
exec "$node" -e '
const fs = require("fs"), path = require("path"), zlib = require("zlib");
const to = process.env.TRAINYARD_INSTALL_TO, partial = to + "." + process.pid + ".partial", chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
  const files = JSON.parse(zlib.gunzipSync(Buffer.concat(chunks)));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(partial, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, Buffer.from(content, "base64"));
  }
  fs.writeFileSync(path.join(partial, "complete"), "");
  try { fs.renameSync(partial, to); } catch (error) {
    fs.rmSync(partial, { recursive: true, force: true });
    if (!fs.existsSync(path.join(to, "complete"))) throw error;
  }
  console.log("end=yes");
});
'
`);

/** Joins standard input and output with the server's socket. Lines in: the Node, our host program, the socket. */
export const BRIDGE = asCommand(String.raw`
IFS= read -r node
IFS= read -r program
IFS= read -r socket
printf '
=trainyard=
'
exec "$node" "$program" bridge --socket "$socket"
`);

/**
 * A login shell in a terminal. Says which terminal it is; then lines in: the folder (may be empty), rows, columns. They
 * come through the terminal itself, which does not show them.
 */
export const SHELL = asCommand(String.raw`
stty -echo
printf '\n=trainyard=\n%s\n' "$(tty)"
IFS= read -r folder
IFS= read -r rows
IFS= read -r columns
stty sane rows "$rows" cols "$columns"
if [ -n "$folder" ]; then
  cd "$folder" 2>/dev/null || printf 'There is no folder %s here any more.\n' "$folder"
fi
exec "${"$"}{SHELL:-/bin/sh}" -l
`);

/** Tells a terminal its size, which its programs then hear of. Lines in: the terminal, rows, columns. */
export const RESIZE = asCommand(String.raw`
IFS= read -r terminal
IFS= read -r rows
IFS= read -r columns
stty rows "$rows" cols "$columns" < "$terminal"
`);

/**
 * What a server, and we, put into a pool folder: nothing else in it is ever removed, as a person may have given us a
 * folder that has other things in it.
 */
const OURS = "state server runtime runs checkpoints snapshots.git trees environments";

/** Says whether there is a pool folder, and how large. A line in: the folder (may be empty). */
export const SURVEY = asCommand(String.raw`
printf '\n=trainyard=\n'
IFS= read -r home
case "$home" in "") home="$HOME/.trainyard" ;; "~/"*) home="$HOME/${"$"}{home#"~/"}" ;; esac
printf 'home=%s\n' "$home"
if [ -d "$home" ]; then
  if [ -z "$(ls -A "$home" 2>/dev/null)" ]; then printf 'there=yes\n'; fi
  for sign in "$home/state/pool.sqlite" "$home"/server/*/complete "$home"/runtime/*/node*; do
    if [ -f "$sign" ]; then printf 'there=yes\n'; break; fi
  done
  if [ -f "$home/state/pool.sqlite" ]; then printf 'served=yes\n'; fi
  cd "$home" && printf 'kib=%s\n' "$(timeout 60 du -sk . 2>/dev/null | cut -f 1)"
fi
printf 'end=yes\n'
`);

/** Removes what is ours in a pool folder, and the folder when nothing else is in it. A line in: the folder, absolute. */
export const REMOVE = asCommand(String.raw`
printf '\n=trainyard=\n'
IFS= read -r home
case "$home" in /*) ;; *) exit 1 ;; esac
cd "$home" || exit 1
real=$(pwd -P)
waited=0
while [ -e state/lock ] && [ "$waited" -lt 100 ]; do
  sleep 0.1 2>/dev/null || sleep 1
  waited=$((waited + 1))
done
for name in ${OURS}; do
  if [ -L "$name" ]; then rm -f "$name"; continue; fi
  [ -d "$name" ] || continue
  chmod -R u+rwx "$name" 2>/dev/null
  rm -rf "$name" 2>/dev/null || { sleep 1; rm -rf "$name"; }
  if [ -e "$name" ]; then printf 'stuck=%s\n' "$real/$name"; fi
done
rm -f .exec-*
cd /
if rmdir "$real" 2>/dev/null; then
  if [ -L "$home" ]; then rm -f "$home"; fi
else
  printf 'left=%s\n' "$(ls -A "$real" | head -n 5 | tr '\n' ' ')"
fi
user=$(id -u)
for folder in "$XDG_RUNTIME_DIR" "/run/user/$user"; do
  if [ -n "$folder" ]; then rmdir "$folder/trainyard" 2>/dev/null; fi
done
rmdir "/tmp/trainyard-$user" 2>/dev/null
printf 'end=yes\n'
`);

/** Quoted for every login shell, csh and fish among them: base64 has no character that any of them would touch. */
function asCommand(script: string): string {
  return `sh -c 'eval "$(printf %s ${Buffer.from(script).toString("base64")} | base64 -d)"'`;
}
