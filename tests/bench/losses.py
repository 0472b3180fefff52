# SPDX-License-Identifier: GPL-2.0
"""What tests/bench/loss measured, by example and server, for its table, its verdicts and its picture."""
import json
import statistics

TIMEOUT_MS = 4000
BLOCK_BYTES = 512


class Group:
    """The downloads of one example from one server: pairs with and without loss, one a round."""

    def __init__(self, pairs):
        self.pairs = pairs
        first = pairs[0][0]
        self.example, self.server = first["example"], first["server"]
        self.options = (first["blksize"], first["windowsize"])
        self.part_of = first["part"]
        self.bytes = first["bytes"] * self.part_of
        self.rounds = len(pairs)
        self.rtt_ms, self.errors_percent = first["rtt_ms"], first["errors_percent"]

    @property
    def blocks(self):
        """What was asked for: block size, and the window where there is one."""
        return f"{self.options[0]}/{self.options[1]}" if self.options != (BLOCK_BYTES, 1) else str(BLOCK_BYTES)

    @property
    def part(self):
        """How much of the file was sent."""
        return f"1:{self.part_of}" if self.part_of > 1 else "whole"

    @property
    def formula_s(self):
        """What the formula says of a server that waits 4 s."""
        return self.bytes / BLOCK_BYTES / 1000 * (self.rtt_ms + self.errors_percent / 100 * TIMEOUT_MS)

    @property
    def floor_s(self):
        """The same download without loss."""
        return statistics.median(clean["seconds"] for _, clean in self.pairs) * self.part_of

    @property
    def seconds(self):
        """With loss."""
        return statistics.median(lossy["seconds"] for lossy, _ in self.pairs) * self.part_of

    @property
    def ratios(self):
        """Of the two, round by round."""
        return [lossy["seconds"] / clean["seconds"] for lossy, clean in self.pairs]

    @property
    def ratio(self):
        """The median of the rounds."""
        return statistics.median(self.ratios)

    @property
    def ratio_range(self):
        """The least and the greatest."""
        return min(self.ratios), max(self.ratios)

    @property
    def ms_a_loss(self):
        """Time that a lost packet cost."""
        extra = sum(lossy["seconds"] - clean["seconds"] for lossy, clean in self.pairs)
        return 1000 * extra / max(self.sum("dropped"), 1)

    def sum(self, name):
        """Of a count, over the rounds with loss."""
        return sum(lossy[name] for lossy, _ in self.pairs)


def read(lines):
    """The groups, in the order of the examples, and of the servers as measured."""
    runs = [json.loads(line) for line in lines]
    clean, pairs = {}, {}
    for run in runs:
        key = (run["example"], run["server"], run["blksize"], run["windowsize"])
        if run["errors_percent"]:
            pairs.setdefault(key, []).append(run)
        else:
            clean[key + (run["round"],)] = run
    groups = [Group([(run, clean[key + (run["round"],)]) for run in lossy]) for key, lossy in pairs.items()]
    return sorted(groups, key=lambda group: group.example)
