#!/usr/bin/env python3
"""Draws QR codes as people meet them, in categories: pictures.py FOLDER SEED COUNT

Writes COUNT pictures of each category and FOLDER/manifest.jsonl, a line of JSON for each: `file`,
`category` and `payload`. The same seed draws the same pictures. Needs Pillow, NumPy and qrencode.
"""
import io
import json
import pathlib
import random
import string
import subprocess
import sys
from urllib.parse import quote

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

ISSUERS = [
    "GitHub", "Trend Micro SaaS Account", "Amazon Web Services", "株式会社テスト", "Google",
    "Dropbox Business", "Fastmail", "社内ポータル認証基盤", "Cloudflare",
]
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
R = random.Random()


def uri():
    issuer = R.choice(ISSUERS)
    account = "".join(R.choices(string.ascii_lowercase, k=R.randint(4, 9)))
    account += R.choice(["@example.com", "@corp.example.co.jp", "****", ""])
    label = f"{issuer}:{account}" if R.random() < 0.6 else account
    base32 = string.ascii_uppercase + "234567"
    key = "".join(R.choices(base32, k=R.choice([16, 26, 32, 52])))
    more = "&algorithm=SHA1&digits=6&period=30" if R.random() < 0.4 else ""
    return f"otpauth://totp/{quote(label)}?secret={key}&issuer={quote(issuer)}{more}"


def modules(text, level=None):
    """The code's modules, true where they are dark."""
    level = level or R.choice("LMQH")
    command = ["qrencode", "-l", level, "-s", "1", "-m", "0", "-t", "PNG", "-o", "-"]
    png = subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout
    # Through RGBA, which a palette with transparency wants.
    return np.array(Image.open(io.BytesIO(png)).convert("RGBA").convert("L")) < 128


def draw(dark, size, ink=BLACK, paper=WHITE, quiet=4):
    side = (dark.shape[0] + 2 * quiet) * size
    image = Image.new("RGB", (side, side), paper)
    pen = ImageDraw.Draw(image)
    for y, x in np.argwhere(dark):
        left, top = (x + quiet) * size, (y + quiet) * size
        pen.rectangle([left, top, left + size - 1, top + size - 1], fill=ink)
    return image


def on_page(image, size=None, paper=(250, 250, 250), ink=(40, 40, 40)):
    """Somewhere on a page with text and boxes."""
    wide = max(image.width + R.randint(100, 900), 700)
    high = max(image.height + R.randint(100, 500), 500)
    page = Image.new("RGB", size or (wide, high), paper)
    pen = ImageDraw.Draw(page)
    for _ in range(R.randint(5, 25)):
        words = "".join(R.choices(string.ascii_letters + "    ", k=R.randint(5, 60)))
        pen.text((R.randint(0, page.width - 50), R.randint(0, page.height - 20)), words, fill=ink)
    for _ in range(R.randint(0, 6)):
        x, y = R.randint(0, page.width - 60), R.randint(0, page.height - 40)
        pen.rectangle([x, y, x + R.randint(20, 200), y + R.randint(10, 80)], outline=ink)
    place = (R.randint(0, page.width - image.width), R.randint(0, page.height - image.height))
    page.paste(image, place)
    return page


def jpeg(image, quality):
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=quality)
    return Image.open(packed).convert("RGB")


def blurred(image, radius):
    return image.filter(ImageFilter.GaussianBlur(radius))


def noisy(image, sigma):
    pixels = np.array(image).astype(float)
    noise = np.random.RandomState(R.randint(0, 1 << 30)).normal(0, sigma, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype("uint8"))


def shaded(image):
    across = np.linspace(R.uniform(0.45, 0.8), 1, image.width)[None, :, None]
    down = np.linspace(1, R.uniform(0.6, 0.95), image.height)[:, None, None]
    return Image.fromarray((np.array(image) * across * down).astype("uint8"))


def tilted(image, most):
    wide, high = image.size
    shift = lambda: R.uniform(0, most)
    corners = [
        (shift() * wide, shift() * high), (wide - shift() * wide, shift() * high),
        (wide - shift() * wide, high - shift() * high), (shift() * wide, high - shift() * high),
    ]
    rows, targets = [], []
    for (to_x, to_y), (x, y) in zip(corners, [(0, 0), (wide, 0), (wide, high), (0, high)]):
        rows.append([to_x, to_y, 1, 0, 0, 0, -x * to_x, -x * to_y])
        rows.append([0, 0, 0, to_x, to_y, 1, -y * to_x, -y * to_y])
        targets += [x, y]
    factors = np.linalg.solve(np.array(rows), np.array(targets))
    return image.transform((wide, high), Image.PERSPECTIVE, factors, Image.BICUBIC, fillcolor=WHITE)


def plain(text):
    return on_page(draw(modules(text), R.randint(2, 8)))


def fractional_scale(text):
    image, factor = draw(modules(text), R.randint(3, 8)), R.uniform(0.55, 1.9)
    how = R.choice([Image.BILINEAR, Image.BICUBIC, Image.NEAREST])
    return on_page(image.resize((int(image.width * factor),) * 2, how))


def dark_theme(text):
    night = (24, 26, 30)
    code = draw(modules(text), R.randint(3, 8), ink=(230, 230, 230), paper=night)
    return on_page(code, paper=night, ink=(220, 220, 220))


def low_contrast(text):
    light, less = R.randint(90, 200), R.randint(22, 60)
    code = draw(modules(text), R.randint(3, 8), ink=(light - less,) * 3, paper=(light,) * 3)
    return on_page(code, paper=(light,) * 3)


def colours(text):
    ink = R.choice([(120, 0, 60), (0, 70, 140), (0, 90, 40), (80, 40, 120), (180, 60, 0)])
    paper = R.choice([WHITE, (255, 244, 214), (225, 240, 255)])
    return on_page(draw(modules(text), R.randint(3, 8), ink=ink, paper=paper))


def rotated(text):
    code = draw(modules(text), R.randint(4, 9))
    turned = code.rotate(R.uniform(-45, 45), expand=True, fillcolor=WHITE, resample=Image.BICUBIC)
    return on_page(turned, paper=WHITE)


def photo(text):
    page = on_page(draw(modules(text), R.randint(5, 9)), paper=WHITE)
    seen = blurred(shaded(tilted(page, 0.10)), R.uniform(0.5, 1.3))
    return jpeg(noisy(seen, R.uniform(3, 10)), R.randint(50, 85))


def blur(text):
    size = R.randint(4, 9)
    return blurred(on_page(draw(modules(text), size)), size * R.uniform(0.25, 0.5))


def strong_jpeg(text):
    return jpeg(on_page(draw(modules(text), R.randint(3, 6))), R.randint(8, 30))


def logo(text):
    code = draw(modules(text, "H"), R.randint(4, 9))
    half, middle = int(code.width * R.uniform(0.07, 0.11)), code.width // 2
    pen = ImageDraw.Draw(code)
    pen.rectangle([middle - half, middle - half, middle + half, middle + half], fill=WHITE)
    box = [middle - half + 3, middle - half + 3, middle + half - 3, middle + half - 3]
    pen.ellipse(box, fill=R.choice([(220, 40, 40), (0, 120, 220), (20, 20, 20)]))
    return on_page(code)


def dots(text):
    dark, size, quiet, ink = modules(text, R.choice("MQH")), R.randint(6, 12), 4, (10, 10, 40)
    side, gap = dark.shape[0], size * R.uniform(0.03, 0.12)
    image = Image.new("RGB", ((side + 2 * quiet) * size,) * 2, WHITE)
    pen = ImageDraw.Draw(image)
    for y, x in np.argwhere(dark):
        left, top = (x + quiet) * size, (y + quiet) * size
        if (x < 7 or x >= side - 7) and y < 7 or x < 7 and y >= side - 7:
            pen.rectangle([left, top, left + size - 1, top + size - 1], fill=ink)
        else:
            pen.ellipse([left + gap, top + gap, left + size - 1 - gap, top + size - 1 - gap], fill=ink)
    return on_page(image)


def video_call(text):
    image = on_page(draw(modules(text), R.randint(5, 8)), size=(1280, 720))
    if R.random() < 0.3:
        image = image.resize((640, 360), Image.BILINEAR)
    return jpeg(image, R.randint(15, 35)).resize((1280, 720), Image.BILINEAR)


def narrow_margin(text):
    code = draw(modules(text), R.randint(3, 8), quiet=R.choice([0, 1, 2]))
    return on_page(code, paper=R.choice([(250, 250, 250), (200, 210, 220)]))


def gradient(text):
    light = np.array(draw(modules(text), R.randint(4, 8))).astype(float) / 255
    paper = np.array(R.choice([(255, 220, 180), (180, 255, 230), WHITE]))
    first = np.array(R.choice([(160, 0, 80), (0, 60, 160), (90, 0, 120)]))
    last = np.array(R.choice([BLACK, (0, 80, 80), (120, 40, 0)]))
    along = np.linspace(0, 1, light.shape[1])[None, :, None]
    ink = first * (1 - along) + last * along
    return on_page(Image.fromarray((light * paper + (1 - light) * ink).astype("uint8")))


def terminal(text):
    """Half blocks, as programs draw codes in a terminal."""
    code, quiet = modules(text), 2
    side = code.shape[0] + 2 * quiet
    dark = np.zeros((side + side % 2, side), bool)
    dark[quiet : quiet + code.shape[0], quiet : quiet + code.shape[0]] = code
    wide, high = R.choice([(7, 14), (8, 16), (9, 18), (10, 20), (8, 17), (9, 19)])
    back, ink = R.choice([(BLACK, WHITE), (WHITE, BLACK)])
    image = Image.new("RGB", (side * wide + 60, dark.shape[0] // 2 * high + 60), back)
    pen = ImageDraw.Draw(image)
    for y, x in np.argwhere(dark if ink == BLACK else ~dark):
        left, top = 30 + x * wide, 30 + y // 2 * high + y % 2 * (high // 2)
        bottom = 30 + (y // 2 + 1) * high if y % 2 else top + high // 2
        pen.rectangle([left, top, left + wide - 1, bottom - 1], fill=ink)
    return image


def screen_4k(text):
    return on_page(draw(modules(text), R.randint(3, 8)), size=(3840, 2160))


def scanned(text):
    page = on_page(draw(modules(text), R.randint(4, 7)), paper=WHITE)
    page = page.rotate(R.uniform(-4, 4), fillcolor=WHITE, resample=Image.BICUBIC)
    grey = ImageOps.grayscale(blurred(page, R.uniform(0.3, 1))).convert("RGB")
    return noisy(grey, R.uniform(2, 12))


def mirrored(text):
    return on_page(ImageOps.mirror(draw(modules(text), R.randint(3, 8))))


def covered(text):
    code = draw(modules(text, "H"), R.randint(5, 9))
    side = code.width * R.uniform(0.08, 0.16)
    x, y = R.uniform(0.3, 0.75) * code.width, R.uniform(0.3, 0.75) * code.width
    box = [x, y, x + side, y + side * R.uniform(0.5, 1.2)]
    ImageDraw.Draw(code).rectangle(box, fill=R.choice([WHITE, BLACK, (200, 60, 60)]))
    return on_page(code)


CATEGORIES = [
    plain, fractional_scale, dark_theme, low_contrast, colours, rotated, photo, blur, strong_jpeg,
    logo, dots, video_call, narrow_margin, gradient, terminal, screen_4k, scanned, mirrored, covered,
]


def main():
    folder, seed, count = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    R.seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "manifest.jsonl", "w", encoding="utf-8") as manifest:
        for category in CATEGORIES:
            for number in range(count):
                payload = uri()
                name = f"{category.__name__}-{number:03}.png"
                category(payload).save(folder / name)
                row = {"file": name, "category": category.__name__, "payload": payload}
                manifest.write(json.dumps(row, ensure_ascii=False) + "\n")


main()
