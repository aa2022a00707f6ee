"""A headless Chromium, spoken to through a pipe: it opens files, clicks and types, and notes every request."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--mute-audio",
    "--remote-debugging-pipe",
)  # fmt: skip
KEYS = {"Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9, "Escape": 27}


def installed():
    """Path of a Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="chromium-")
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        words = [installed(), *FLAGS, f"--user-data-dir={self.folder}", "about:blank"]
        # Chromium reads its orders on descriptor 3 and answers on 4
        script = f'exec "$@" 3<&{to_read} 4>&{to_write}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", *words],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._buffer, self._number = b"", 0
        self.requests, self.errors, self.frames = [], [], []
        target = next(t for t in self._ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.top = self._ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        self.session = self.top
        self._watch(self.top)

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self.folder, ignore_errors=True)

    def open(self, path: Path, width=1400, height=900):
        """Open a file in a window of this size and wait until the page has drawn itself."""
        self.session, self.frames = self.top, []
        self.requests.clear()
        self.errors.clear()
        self.resize(width, height)
        self._ask("Page.navigate", self.top, url=path.resolve().as_uri())

    def resize(self, width, height):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", self.top, **metrics)

    def enter_frame(self):
        """Speak to the page inside the frame from now on."""
        self.wait(lambda: self.frames)
        self.session = self.frames[-1]

    def run(self, code):
        """Evaluate an expression in the page and return its value."""
        asked = {"expression": code, "returnByValue": True, "awaitPromise": True}
        done = self._ask("Runtime.evaluate", self.session, **asked)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, condition, seconds=30.0):
        """Wait until an expression, or a function here, is true; returns what it gave."""
        end = time.monotonic() + seconds
        while True:
            found = condition() if callable(condition) else self.run(condition)
            if found:
                return found
            assert time.monotonic() < end, f"waited in vain for {condition}"
            self._ask("Target.getTargets")  # takes in what has been reported meanwhile
            time.sleep(0.05)

    def click(self, selector):
        """Click the middle of an element."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{found}.scrollIntoView({{block: 'nearest'}})")
        self.click_at(*self.run(f"(b => [b.x + b.width / 2, b.y + b.height / 2])({found}.getBoundingClientRect())"))

    def click_at(self, x, y):
        left, top = self._offset()
        mouse = {"x": x + left, "y": y + top, "button": "left", "clickCount": 1}
        self._ask("Input.dispatchMouseEvent", self.top, type="mouseMoved", x=mouse["x"], y=mouse["y"])
        for kind in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", self.top, type=kind, **mouse)

    def move_to(self, x, y):
        left, top = self._offset()
        self._ask("Input.dispatchMouseEvent", self.top, type="mouseMoved", x=x + left, y=y + top)

    def type(self, words):
        self._ask("Input.insertText", self.top, text=words)

    def press(self, key, times=1):
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS.get(key, ord(key[0].upper()))}
        if len(key) == 1:
            pressed["text"] = key
        elif key == "Enter":
            pressed["text"] = "\r"
        for _ in range(times):
            self._ask("Input.dispatchKeyEvent", self.top, type="keyDown", **pressed)
            self._ask("Input.dispatchKeyEvent", self.top, type="keyUp", **pressed)

    def choose(self, selector, starts_with):
        """Pick an option by typing the beginning of what it says, as a keyboard does."""
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        for letter in starts_with:
            self.press(letter)

    def picture(self, path):
        shot = self._ask("Page.captureScreenshot", self.top, format="png")
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def _offset(self):
        """Where the frame spoken to begins in the window."""
        if self.session == self.top:
            return 0, 0
        code = "(b => [b.x + 1, b.y + 1])(document.querySelector('iframe').getBoundingClientRect())"
        done = self._ask("Runtime.evaluate", self.top, expression=code, returnByValue=True)
        return done["result"]["value"]

    def _watch(self, session):
        for domain in ("Network.enable", "Runtime.enable", "Log.enable", "Page.enable"):
            self._tell(domain, session)
        attach = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        self._tell("Target.setAutoAttach", session, **attach)
        self._tell("Runtime.runIfWaitingForDebugger", session)

    def _tell(self, method, session=None, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return self._number

    def _ask(self, method, session=None, **params):
        number = self._tell(method, session, **params)
        while True:
            message = self._read()
            if message.get("id") == number:
                assert "error" not in message, (method, message["error"])
                return message["result"]

    def _read(self):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], 60)
            assert ready, "Chromium has not answered for a minute"
            part = os.read(self._from, 1 << 20)
            assert part, "Chromium has gone"
            self._buffer += part
        one, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(one)
        self._note(message)
        return message

    def _note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"].get("exception", {}).get("description", params))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif method == "Target.attachedToTarget":
            self.frames.append(params["sessionId"])
            self._watch(params["sessionId"])
