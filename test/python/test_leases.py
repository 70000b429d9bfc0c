"""Slots are leased by flock: between supervisors, through the tree, and in a folder that accounts share."""

import fcntl
import json
import os
import stat
import subprocess
import sys
import unittest

from support import Pool, is_dead, wait_for

from trainyard.supervising import leases

SLOT = [{"id": "cpu:0", "kind": "cpu", "index": 0, "lease": "cpu-0"}]
WAIT = "import time\nprint('ready', flush=True)\ntime.sleep(300)"


class Leases(Pool):
    def is_free(self, name="cpu-0"):
        with open(os.path.join(self.leases, name)) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                return False

    def test_two_supervisors_and_one_slot(self):
        first = self.make(WAIT, name="1.1.1", slots=SLOT)
        self.start(first)
        self.say(first, "ready")
        with open(os.path.join(self.leases, "cpu-0")) as file:
            holder = json.load(file)
        self.assertEqual((holder["run"], holder["pool"]), ("1.1.1", self.pool))
        self.assertEqual(holder["pid"], self.supervisors[0].pid)

        second = self.make("print('ran')", name="1.2.1", slots=SLOT)
        self.start(second)
        ended = self.finish(second)
        self.assertEqual(ended["launchError"]["kind"], "lease")
        self.assertIn("cpu-0 is held by %s (run 1.1.1" % holder["account"], ended["launchError"]["message"])
        self.assertFalse(os.path.exists(os.path.join(second, "stdout.log")))

        self.control(first, 1, "kill")
        self.finish(first)
        self.assertTrue(self.is_free(), "free once exit.json is there")
        _, ended = self.run_script("print('ran')", name="1.3.1", slots=SLOT)
        self.assertEqual(ended["code"], 0)

    def test_the_slot_stays_taken_while_the_script_lives_without_its_supervisor(self):
        run_dir = self.make(WAIT, slots=SLOT)
        supervisor = self.start(run_dir)
        self.say(run_dir, "ready")
        script = wait_for(lambda: self.read(run_dir, "supervisor.json")["script"], "the script's pid")["pid"]
        supervisor.kill()
        supervisor.wait()
        self.assertFalse(self.is_free())
        os.kill(script, 9)
        wait_for(lambda: is_dead(script), "its end")
        self.assertTrue(wait_for(self.is_free, "the slot"))

    def test_an_adopter_holds_the_slot_for_children_that_hold_no_lease(self):
        """As torchrun's workers, which are started without its descriptors."""
        stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(300)"
        script = """
            import subprocess, sys, time
            worker = subprocess.Popen([sys.executable, "-c", %r], stdout=subprocess.PIPE)
            worker.stdout.readline()
            print("worker", worker.pid, "ready", flush=True)
            time.sleep(300)
        """
        run_dir = self.make(script % stubborn, slots=SLOT)
        supervisor = self.start(run_dir)
        self.say(run_dir, "ready")
        worker = int(self.text(run_dir, "stdout.log").split()[1])
        script = wait_for(lambda: self.read(run_dir, "supervisor.json")["script"], "the script's pid")["pid"]
        supervisor.kill()
        supervisor.wait()
        adopter = self.start(run_dir, "--adopt")
        wait_for(lambda: self.read(run_dir, "supervisor.json")["adopted"], "the adoption")
        os.kill(script, 9)
        wait_for(lambda: self.holder_pid() == adopter.pid, "the lease to be taken by the adopter")
        self.finish(run_dir)
        self.assertTrue(is_dead(worker))
        self.assertTrue(self.is_free())

    def test_what_is_left_of_a_tree_without_its_script_is_killed_under_the_lease(self):
        script = "import subprocess\nsubprocess.Popen(['sleep', '300'])\n"
        run_dir = self.make(script + WAIT, slots=SLOT)
        supervisor = self.start(run_dir)
        self.say(run_dir, "ready")
        script = wait_for(lambda: self.read(run_dir, "supervisor.json")["script"], "the script's pid")["pid"]
        supervisor.kill()
        supervisor.wait()
        os.kill(script, 9)
        wait_for(self.is_free, "the lease to be free although a child lives")
        self.start(run_dir, "--adopt")
        self.assertEqual(self.finish(run_dir)["killedChildren"], 1)
        self.assertEqual(self.text(self.leases, "cpu-0"), "", "given back by who had it: the adopter")
        self.assertTrue(self.is_free())

    def holder_pid(self):
        try:
            return self.read(self.leases, "cpu-0")["pid"]
        except ValueError:  # being written
            return None

    def test_a_living_holder_touches_its_lease(self):
        run_dir = self.make(WAIT, slots=SLOT)
        self.start(run_dir)
        self.say(run_dir, "ready")
        path = os.path.join(self.leases, "cpu-0")
        self.assertEqual(self.read(self.leases, "cpu-0")["heartbeatS"], leases.HEARTBEAT_S)
        os.utime(path, (1, 1))
        wait_for(lambda: os.stat(path).st_mtime > 1, "a sign of life")

    def test_a_lease_that_was_deleted_is_taken_anew(self):
        """By someone who cleans /tmp: without its file the next run would take that slot, too."""
        run_dir = self.make(WAIT, slots=SLOT)
        self.start(run_dir)
        self.say(run_dir, "ready")
        os.unlink(os.path.join(self.leases, "cpu-0"))
        wait_for(lambda: os.path.exists(os.path.join(self.leases, "cpu-0")), "the lease's file")
        wait_for(lambda: self.holder_pid() == self.supervisors[0].pid, "the holder's name")
        self.assertFalse(self.is_free())

    def test_a_process_that_hides_from_an_adopter_is_found_by_the_lease_that_it_has(self):
        """No mark, no parent that we know, no output of the run's: only the lease. Without it the slot stayed taken
        after exit.json, which says that it is free."""
        script = """
            import os, subprocess, sys, time
            hidden = "import os, sys, time; sys.stdout.flush(); time.sleep(300)"
            process = subprocess.Popen([sys.executable, "-c", hidden], env={}, close_fds=False, start_new_session=True,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            print(process.pid, "ready", flush=True)
            time.sleep(300)
        """
        self.kill_both_and_adopt(script)

    def test_a_process_that_hides_from_an_adopter_is_found_by_its_output(self):
        script = """
            import subprocess, sys, time
            hidden = "import time; time.sleep(300)"
            process = subprocess.Popen([sys.executable, "-c", hidden], env={}, start_new_session=True)
            print(process.pid, "ready", flush=True)
            time.sleep(300)
        """
        self.kill_both_and_adopt(script)

    def kill_both_and_adopt(self, script):
        run_dir = self.make(script, slots=SLOT)
        supervisor = self.start(run_dir)
        self.say(run_dir, "ready")
        hidden = int(self.text(run_dir, "stdout.log").split()[0])
        pid = wait_for(lambda: self.read(run_dir, "supervisor.json")["script"], "the script's pid")["pid"]
        supervisor.kill()
        supervisor.wait()
        os.kill(pid, 9)
        wait_for(lambda: is_dead(pid), "the script's end")
        self.assertFalse(is_dead(hidden))
        self.start(run_dir, "--adopt")
        self.finish(run_dir)
        self.assertTrue(is_dead(hidden))
        self.assertTrue(self.is_free())

    def test_all_or_none(self):
        held = leases.take(self.leases, ["b"], {})
        with self.assertRaises(leases.LeaseError):
            leases.take(self.leases, ["a", "b", "c"], {})
        self.assertTrue(self.is_free("a"))
        leases.release(held)
        leases.release(leases.take(self.leases, ["a", "b", "c"], {}))

    def test_the_folder_and_its_files_are_for_all_accounts(self):
        before = os.umask(0o077)
        try:
            leases.release(leases.take(self.leases, ["cpu-0"], {}))
        finally:
            os.umask(before)
        self.assertEqual(stat.S_IMODE(os.stat(self.leases).st_mode), 0o1777)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.leases, "cpu-0")).st_mode), 0o666)

    def test_a_folder_that_is_none(self):
        with open(self.leases, "w"):
            pass
        _, ended = self.run_script("", slots=SLOT)
        self.assertEqual(ended["launchError"]["kind"], "lease")
        self.assertIn("not a folder", ended["launchError"]["message"])

    def test_a_lease_that_is_a_link_is_not_followed(self):
        os.mkdir(self.leases, 0o777)
        target = os.path.join(self.pool, "precious")
        with open(target, "w") as file:
            file.write("keep")
        os.symlink(target, os.path.join(self.leases, "cpu-0"))
        _, ended = self.run_script("", slots=SLOT)
        self.assertEqual(ended["launchError"]["kind"], "lease")
        with open(target) as file:
            self.assertEqual(file.read(), "keep")

    def test_many_at_once_make_the_folder_once(self):
        code = "import sys, time; sys.path.insert(0, sys.argv[1]); from trainyard.supervising import leases\n"
        code += "leases.take(sys.argv[2], [sys.argv[3]], {}); print('ok')"
        parent = os.path.dirname(os.path.dirname(os.path.dirname(leases.__file__)))
        processes = [
            subprocess.Popen([sys.executable, "-c", code, parent, self.leases, "cpu-%d" % i], stdout=subprocess.PIPE)
            for i in range(6)
        ]
        self.assertEqual([process.communicate()[0] for process in processes], [b"ok\n"] * 6)


@unittest.skipUnless(os.geteuid() == 0, "needs root, to be two accounts")
class TwoAccounts(Pool):
    def test_another_accounts_file_in_the_sticky_folder(self):
        os.chmod(self.pool, 0o755)
        leases.release(leases.take(self.leases, ["cpu-0"], {"account": "root"}))
        parent = os.path.dirname(os.path.dirname(os.path.dirname(leases.__file__)))
        code = "import os, sys; sys.path.insert(0, sys.argv[1]); from trainyard.supervising import leases\n"
        code += "os.setgid(65534); os.setuid(65534)\nprint(len(leases.take(sys.argv[2], ['cpu-0', 'cpu-1'], {'account': 'b'})))"
        output = subprocess.run([sys.executable, "-c", code, parent, self.leases], stdout=subprocess.PIPE, check=True)
        self.assertEqual(output.stdout, b"2\n")
        with open(os.path.join(self.leases, "cpu-0")) as file:
            self.assertEqual(json.load(file), {"account": "b"})


if __name__ == "__main__":
    unittest.main()
