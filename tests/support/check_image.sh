#!/usr/bin/env bash
# Builds the Containerfile's image where no registry of images can be reached, and tries it: `make
# image-check`. As root on Debian; buildah and mmdebstrap come from apt. It takes some ten minutes
# and 10 GB.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$(mktemp --directory)
trap 'rm -rf "$folder"' EXIT
# Layers stay on the disk that has the room, and no kernel's features are asked for.
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
base=$(sed --quiet 's/^FROM //p' Containerfile)

# The base image is Debian's smallest system. Where it can be pulled it is that, otherwise the same
# packages of today.
if ! buildah pull --quiet "docker.io/library/$base"; then
  echo "$base: not to be pulled; made by mmdebstrap" >&2
  mmdebstrap --quiet --variant=minbase bookworm "$folder/base.tar"
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$folder/base.tar" /
  buildah commit --quiet --rm "$container" "docker.io/library/$base"
fi

# What this network needs that the image must not keep: the certificates that are trusted here.
printf '[global]\ncert = /trusted.crt\n' > "$folder/pip.conf"
buildah build --format docker --pull-never --tag nstcore:check \
  --volume "$folder/pip.conf:/etc/pip.conf:ro" \
  --volume /etc/ssl/certs/ca-certificates.crt:/trusted.crt:ro .

container=$(buildah from --pull-never localhost/nstcore:check)
trap 'buildah rm "$container" > /dev/null; rm -rf "$folder"' EXIT
# What a pod does before its job, without any network; then a program that paints.
buildah run "$container" -- bash -euo pipefail -c '
  test "$(id -u)" = 1000 && cd "$(mktemp --directory)"
  pip install --quiet --target deployed snakemake-storage-plugin-s3
  test -d deployed/snakemake_storage_plugin_s3
  snakemake --version
  nst --help > /dev/null
  python -c "from nstcore.demo import paint_dataset; paint_dataset(\"art\", seed=1, paintings=1)"
  python -c "import nstcore.backbones.backbone as b; b.load_backbone(\"VGG16\", \"random\", seed=1)"
'
echo "nstcore:check: built and tried"
