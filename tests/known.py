"""known.py: the lists of tests that are known to fail: tests/<suite>/known_failures.txt.

A line is `NAME: reason`; `#` begins a comment.  Such a test is run all the same: while it fails it counts as known, not as failed;
once it passes that is an error, so that the list stays true.  A NAME that no test has is an error too.
`run.py --write-known` (all tests of a suite) makes the list what it is now; reasons of lines that stay are kept."""
import os, re


class Known:
    def __init__(self, folder):
        self.path = os.path.join(folder, "known_failures.txt")
        self.where = "/".join(self.path.split(os.sep)[-3:])
        self.reasons, self.count, self.failures = {}, 0, {}
        for line in open(self.path, encoding="utf-8") if os.path.exists(self.path) else ():
            name, _, reason = line.split("#")[0].partition(":")
            if name.strip():
                self.reasons[name.strip()] = reason.strip() or "no reason given"

    def judge(self, name, failure):
        """failure: text, or nothing when the test passed -> (counts as "passed", "failed" or "known", text to print or None)"""
        if failure:
            self.failures[name] = failure
        if name not in self.reasons:
            return ("failed", failure) if failure else ("passed", None)
        if failure:
            self.count += 1
            return "known", self.reasons[name]
        return "failed", f"passes, but is listed in {self.where}"

    def strangers(self, names):
        return [f"{self.where}: no such test: {n}" for n in self.reasons if n not in names]

    def write(self):
        head = "# Tests that are known to fail, as `NAME: reason`; see tests/known.py.\n"
        lines = [f"{n}: {self.reasons.get(n) or short(f)}\n" for n, f in sorted(self.failures.items())]
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(head + "".join(lines))

    def report(self):
        if self.count:
            print(f"{self.count} known ({self.where})")


def short(failure):
    text = re.sub(r"\S*/(?=[^/\s]+\.(dll|cs|so)\b)", "", " ".join(failure.split()).replace("#", "no. "))
    return re.sub(r"(-|/)\d{3,}\b", "", text)[:110].strip() or "no output"
