"""The contents of the files of the demonstration company: texts, tables, a document, a picture.

``CUSTOMER_FILES`` and ``COMPLAINT_FILES`` have a function for each name of a file, which makes the
content from random numbers.
"""

import random
import struct
import zlib
from collections.abc import Callable, Mapping

PICTURE_WIDTH, PICTURE_HEIGHT, BAR_WIDTH = 320, 160, 20  # pixels
BACKGROUND, BAR = b"\xff\xff\xff", b"\x34\x54\xd1"  # red, green, blue
MONTHS = 12

MakeContent = Callable[[random.Random], bytes]


def _meeting_notes(rng: random.Random) -> bytes:
    topics = (
        "专线扩容方案",
        "云主机迁移计划",
        "续约价格",
        "故障应急流程",
        "机房搬迁时间",
        "物联网卡用量",
    )
    lines = [f"{number}. {topic}" for number, topic in enumerate(rng.sample(topics, 3), start=1)]
    return "\n".join(["会议纪要", "", "议题：", *lines, "", "下次会议：两周后。", ""]).encode()


def _usage_table(rng: random.Random) -> bytes:
    rows = [f"{month},{rng.randint(20, 400)},{rng.randint(1, 60)}" for month in range(1, 13)]
    return "\r\n".join(["月份,流量（TB）,短信（万条）", *rows, ""]).encode("utf-8-sig")


def _speed_test(rng: random.Random) -> bytes:
    rows = [f"{hour:02}:00,{rng.randint(60, 960)},{rng.randint(2, 180)}" for hour in range(8, 19)]
    return "\r\n".join(["时间,下载（Mbps）,时延（ms）", *rows, ""]).encode("utf-8-sig")


def _contract(rng: random.Random) -> bytes:
    """Return a PDF document of one page; readers supply its Chinese font."""
    number = f"HT-{rng.randint(2024, 2026)}-{rng.randint(1, 9999):04}"
    lines = ["集团客户业务框架合同", f"合同编号：{number}", "（演示数据，无法律效力）"]
    texts = " 0 -36 Td ".join(f"<{line.encode('utf-16-be').hex()}> Tj" for line in lines)
    page = f"BT /F1 20 Tf 72 740 Td {texts} ET".encode("ascii")
    return _pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
        b" /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 7 0 R"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880]"
        b" /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    )


def _pdf(*objects: bytes) -> bytes:
    """Return a PDF file with the objects, numbered from 1; the first is the catalogue."""
    content = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = len(objects) + 1
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        b"%sxref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (content, size, entries, size, len(content))
    )


def _bar_chart(rng: random.Random) -> bytes:
    """Return a PNG picture of bars with random heights."""
    heights = [rng.randint(20, PICTURE_HEIGHT - 20) for _ in range(MONTHS)]
    rows = bytearray()
    for distance_from_bottom in range(PICTURE_HEIGHT, 0, -1):
        rows += b"\0"  # the filter of the row: none
        for x in range(PICTURE_WIDTH):
            bar, offset = divmod(x, BAR_WIDTH)
            is_bar = (
                bar < MONTHS and offset < BAR_WIDTH - 6 and distance_from_bottom <= heights[bar]
            )
            rows += BAR if is_bar else BACKGROUND
    header = struct.pack(">IIBBBBB", PICTURE_WIDTH, PICTURE_HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


CUSTOMER_FILES: Mapping[str, MakeContent] = {
    "框架合同.pdf": _contract,
    "需求沟通会议纪要.txt": _meeting_notes,
    "近一年用量.csv": _usage_table,
    "月度收入.png": _bar_chart,
}
COMPLAINT_FILES: Mapping[str, MakeContent] = {
    "测速记录.csv": _speed_test,
    "网络监控截图.png": _bar_chart,
}
