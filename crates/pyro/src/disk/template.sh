#!/bin/sh
# Makes template.deflate, the empty ext4 file system that every workspace disk starts from.
# Needs mke2fs 1.47 or later (assume_storage_prezeroed) and python3. The same every time:
# features, sizes, identity and time are all given here, not by the host's mke2fs.conf.
#
# The result is a raw deflate stream of records, one per 4 KiB block that is not all zeros:
# the block's number (32 bits, little-endian), then its 4,096 bytes.
set -eu

out=${1:-$(dirname "$0")/template.deflate}
disk=$(mktemp)
config=$(mktemp)
trap 'rm -f "$disk" "$config"' EXIT
printf '[fs_types]\n ext4 = {\n  blocksize = 4096\n }\n' >"$config"

truncate -s 8G "$disk"
MKE2FS_CONFIG=$config SOURCE_DATE_EPOCH=1700000000 E2FSPROGS_FAKE_TIME=1700000000 \
  mke2fs -q -F -t ext4 -b 4096 -I 256 -i 16384 -m 0 -J size=64 \
  -O none,has_journal,ext_attr,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum \
  -U 70797269-776f-726b-7370-616365646973 \
  -E nodiscard,assume_storage_prezeroed=1,hash_seed=70797269-6861-7368-7365-656400000000 \
  "$disk"
e2fsck -fn "$disk" >/dev/null

python3 - "$disk" "$out" <<'PYTHON'
import os, struct, sys, zlib

records = bytearray()
disk = os.open(sys.argv[1], os.O_RDONLY)
end = os.fstat(disk).st_size
at = 0
while True:
    try:
        at = os.lseek(disk, at, os.SEEK_DATA) // 4096 * 4096
    except OSError:
        break
    block = os.pread(disk, 4096, at)
    if any(block):
        records += struct.pack("<I", at // 4096) + block
    at += 4096
packer = zlib.compressobj(9, zlib.DEFLATED, -15)
open(sys.argv[2], "wb").write(packer.compress(bytes(records)) + packer.flush())
PYTHON
