#!/bin/sh
# Installs bubblewrap and libseccomp where they are missing and may be installed; otherwise says
# what to type.
# Never fails: the demo goes on with its honest samples, and says that they run unsandboxed.
command -v bwrap >/dev/null 2>&1 && /sbin/ldconfig -p | grep -q libseccomp && exit 0
by_hand="sudo apt-get install bubblewrap libseccomp2"
if ! command -v apt-get >/dev/null 2>&1; then
  echo "bubblewrap is missing: install it with this system's package manager." >&2
  exit 0
fi
if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root="sudo -n"
else
  echo "bubblewrap is missing, and installing it needs a password. Type: $by_hand" >&2
  exit 0
fi
echo "Installing bubblewrap, the sandbox that submissions run in ($by_hand) ..."
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq && $as_root apt-get install -y -qq bubblewrap libseccomp2 >/dev/null ||
  echo "bubblewrap could not be installed. Type: $by_hand" >&2
exit 0
