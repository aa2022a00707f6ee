"""What stands in a page: its data, read back."""

import base64
import gzip
import json
import re


def content_of(page):
    packed = re.search(r'id="data">([^<]*)</script>', page.html).group(1)
    return json.loads(gzip.decompress(base64.b64decode(packed)))
