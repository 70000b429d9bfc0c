"""The ladder on a clock of its own: what is sent when."""

import unittest

from support import PACKAGE_PARENT  # noqa: F401 (puts the package on the path)

from trainyard.supervising.ladder import Ladder


def ladder():
    return Ladder(acknowledge_s=10, term_s=5, preemption_s=100)


def sent(steps, until=400.0, acknowledged_at=None, acknowledges=0):
    """What goes out at which second, a tick each half second; `steps` are (second, number, action)."""
    one = ladder()
    found = []
    now = 0.0
    while now <= until:
        for second, number, action in steps:
            if second == now:
                one.control(number, action, now)
        if acknowledged_at == now:
            one.acknowledged(acknowledges)
        due = one.due(now)
        if due and (not found or found[-1][1] != due):
            found.append((now, due))
        now += 0.5
    return found, one


class Rungs(unittest.TestCase):
    def test_nothing_asked(self):
        self.assertEqual(sent([])[0], [])
        found, one = sent([(0, 1, "run")])
        self.assertEqual((found, one.asked, one.escalated), ([], None, None))

    def test_kill(self):
        found, one = sent([(3, 1, "kill")])
        self.assertEqual((found, one.escalated), ([(3, "SIGKILL")], "SIGKILL"))

    def test_stop_not_acknowledged(self):
        found, one = sent([(3, 1, "stop")])
        self.assertEqual((found, one.escalated), ([(13, "SIGTERM"), (18, "SIGKILL")], "SIGKILL"))
        found, one = sent([(3, 1, "stop")], until=17)
        self.assertEqual((found, one.escalated), ([(13, "SIGTERM")], "SIGTERM"))

    def test_stop_acknowledged_has_the_time_of_a_preemption(self):
        self.assertEqual(sent([(3, 1, "stop")], acknowledged_at=12, acknowledges=1)[0], [(103, "SIGKILL")])

    def test_an_older_acknowledgement_is_none_of_this(self):
        found, _ = sent([(1, 1, "pause"), (2, 2, "run"), (3, 3, "stop")], acknowledged_at=1.5, acknowledges=1)
        self.assertEqual(found[0], (13, "SIGTERM"))

    def test_pause_and_preempt(self):
        for action in ("pause", "preempt"):
            self.assertEqual(sent([(3, 1, action)])[0], [(103, "SIGKILL")])

    def test_a_stop_after_an_acknowledged_pause_leaves_time_for_the_checkpoint(self):
        found, _ = sent([(1, 1, "pause"), (50, 2, "stop")], acknowledged_at=2, acknowledges=1)
        self.assertEqual(found, [(150, "SIGKILL")])

    def test_taken_back(self):
        found, one = sent([(1, 1, "pause"), (2, 2, "run")])
        self.assertEqual((found, one.asked), ([], None))

    def test_asked_again_does_not_start_anew(self):
        self.assertEqual(sent([(0, 1, "stop"), (9, 2, "stop")])[0][0], (10, "SIGTERM"))

    def test_an_old_control_changes_nothing(self):
        found, one = sent([(1, 5, "stop"), (2, 4, "run")])
        self.assertEqual((found[0], one.asked, one.number), ((11, "SIGTERM"), "stop", 5))


if __name__ == "__main__":
    unittest.main()
