"""The supervisor with real scripts: how they end, and that nothing of them is left."""

import os
import signal
import subprocess
import sys
import unittest

from support import Pool, is_dead, wait_for


class Endings(Pool):
    def test_exit_codes_and_signals(self):
        for number, (script, code, name) in enumerate(
            [
                ("pass", 0, None),
                ("import sys; sys.exit(7)", 7, None),
                ("raise ValueError('no such data')", 1, None),
                ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", None, "SIGSEGV"),
                ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", None, "SIGKILL"),
            ]
        ):
            with self.subTest(script):
                run_dir, ended = self.run_script(script, name="1.%d.1" % number)
                self.assertEqual((ended["code"], ended["signal"]), (code, name))
                self.assertFalse(ended["outOfMemory"])
                self.assertIsNone(ended["asked"])
                self.assertIsNone(ended["launchError"])
                self.assertGreater(ended["peakMemoryBytes"], 1_000_000)
                self.assertLessEqual(ended["startedAt"], ended["endedAt"])
                self.assertFalse(os.path.exists(os.path.join(run_dir, "supervisor.log")))

    def test_syntax_error_is_the_interpreters_word(self):
        run_dir, ended = self.run_script("def f(:\n    pass\n")
        self.assertEqual(ended["code"], 1)
        self.assertIn("SyntaxError", self.text(run_dir, "stderr.log"))

    def test_what_cannot_be_started_says_why(self):
        def script(**changes):
            return {"kind": "script", "interpreter": sys.executable, "script": "train.py", "arguments": [], **changes}

        cases = [
            ({"entrypoint": script(script="gone.py")}, "exec", "gone.py does not exist"),
            ({"entrypoint": script(interpreter="/no/such/python")}, "interpreter", "/no/such/python does not exist"),
            ({"entrypoint": script(interpreter="/etc/passwd")}, "interpreter", "may not be executed"),
            ({"entrypoint": {"kind": "command", "argv": ["no-such-program"]}}, "exec", "no-such-program"),
            ({"directory": "gone"}, "directory", "gone"),
            ({"directory": "../.."}, "exec", "leaves the working tree"),
            ({"directory": "/tmp"}, "exec", "leaves the working tree"),
            ({"entrypoint": script(script="/etc/passwd")}, "exec", "leaves the working tree"),
            ({"entrypoint": {"kind": "other"}}, "exec", "unknown entrypoint kind"),
            ({"seed": "x"}, "exec", "'seed'"),
        ]
        for number, (changes, kind, words) in enumerate(cases):
            with self.subTest(words):
                run_dir, ended = self.run_script("print('ran')", name="1.%d.1" % number, **changes)
                self.assertEqual(ended["launchError"]["kind"], kind)
                self.assertIn(words, ended["launchError"]["message"])
                self.assertIn(words, self.text(run_dir, "stderr.log"))
                self.assertIsNone(ended["code"])

    def test_spec_that_is_not_json(self):
        run_dir = self.make()
        with open(os.path.join(run_dir, "spec.json"), "w") as file:
            file.write("[1, 2")
        self.start(run_dir)
        self.assertIn("not JSON", self.finish(run_dir)["launchError"]["message"])

    def test_no_run_directory(self):
        process = self.start(os.path.join(self.pool, "nowhere"))
        self.assertEqual(process.wait(60), 2)
        self.assertIn(b"nowhere", process.stderr.read())

    def test_entrypoints(self):
        run_dir, ended = self.run_script(
            "", name="1.1.1", entrypoint={"kind": "shell", "command": "echo $0-$TRAINYARD_RUN; exit 3"}
        )
        self.assertEqual(ended["code"], 3)
        self.assertEqual(self.text(run_dir, "stdout.log"), "/bin/sh-1.1.1\n")
        argv = [sys.executable, "-c", "import sys; print(sys.argv[1:])", "a b", "$HOME", "--lr"]
        run_dir, _ = self.run_script("", name="1.2.1", entrypoint={"kind": "command", "argv": argv})
        self.assertEqual(self.text(run_dir, "stdout.log"), "['a b', '$HOME', '--lr']\n")

    def test_a_full_disk_cannot_keep_it_from_ending(self):
        """Every file is limited to 100 kB: the script's output is cut, the exit file is not."""
        script = """
            import resource, signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            try:
                while True:
                    print("x" * 10_000)
            except OSError:
                raise SystemExit(5)
        """
        _, ended = self.run_script(script)
        self.assertEqual(ended["code"], 5)


class Environment(Pool):
    def test_what_the_script_gets(self):
        script = """
            import json, os, sys
            print(json.dumps([dict(os.environ), os.getcwd(), sys.argv, os.path.realpath("/proc/self/fd/0")]))
            import trainyard
            assert os.getsid(0) == os.getpid()
        """
        slots = [{"id": "gpu:GPU-%d" % i, "kind": "cuda", "index": i, "lease": "gpu-GPU-%d" % i} for i in (1, 3)]
        run_dir = self.make(
            script,
            environment={"MINE": "1", "PYTHONPATH": "/elsewhere"},
            hyperparameters={"lr": 0.1, "net": {"depth": 3}},
            latestCheckpoint={"uuid": "12345678-1234-1234-1234-123456789abc", "step": 300},
            slots=slots,
        )
        self.start(run_dir, env={"WANDB_API_KEY": "secret"})
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        import json

        env, cwd, argv, stdin = json.loads(self.text(run_dir, "stdout.log"))
        self.assertEqual(env["WANDB_API_KEY"], "secret")
        self.assertEqual(env["MINE"], "1")
        self.assertEqual(env["TRAINYARD_RUN_DIR"], run_dir)
        self.assertEqual(json.loads(env["TRAINYARD_PARAMS"]), {"lr": 0.1, "net": {"depth": 3}})
        self.assertEqual(
            (env["TRAINYARD_EXPERIMENT"], env["TRAINYARD_TRIAL"], env["TRAINYARD_SLOTS"]), ("1", "1.1", "2")
        )
        self.assertEqual(env["TRAINYARD_SEED"], "7")
        self.assertEqual(env["CUDA_VISIBLE_DEVICES"], "1,3")
        self.assertEqual(env["PYTHONUNBUFFERED"], "1")
        self.assertTrue(env["PYTHONPATH"].endswith("/python:/elsewhere"))
        expected = os.path.join(self.pool, "checkpoints", "12345678-1234-1234-1234-123456789abc", "files")
        self.assertEqual(env["TRAINYARD_CHECKPOINT"], expected)
        self.assertEqual(os.path.realpath(cwd), os.path.realpath(os.path.join(run_dir, "work")))
        self.assertEqual(argv, ["train.py"])
        self.assertEqual(stdin, "/dev/null")

    def test_thread_counts(self):
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
        script = "import os\nprint([os.environ.get(name) for name in %r])" % (names,)
        none = {name: value for name, value in os.environ.items() if name not in names}
        count = len(os.sched_getaffinity(0))

        def run(name, inherited, **changes):
            run_dir = self.make(script, name=name, **changes)
            process = self.start(run_dir, env=inherited, only=none)
            process.wait(60)
            seen = self.read(run_dir, "provenance.json")["supervisor"]["threads"]
            return eval(self.text(run_dir, "stdout.log")), seen

        shown, seen = run("1.1.1", {})
        self.assertEqual(shown, [str(min(64, count))] * 4)
        self.assertEqual(seen["MKL_NUM_THREADS"], {"value": shown[1], "setBy": "trainyard"})
        self.assertEqual(run("1.2.1", {}, slotCount=2)[0], [str(max(1, min(64, count // 2)))] * 4)
        shown, seen = run("1.3.1", {"MKL_NUM_THREADS": "3"}, slotCount=100_000, environment={"OPENBLAS_NUM_THREADS": "5"})
        self.assertEqual(shown, ["1", "3", "5", "1"])
        self.assertEqual([seen[name]["setBy"] for name in names], ["trainyard", "environment", "configuration", "trainyard"])
        shown, seen = run("1.4.1", {"OMP_NUM_THREADS": "3"})
        self.assertEqual(shown, ["3", None, None, None], "who sets it decides for all: the others follow it")
        self.assertEqual(seen["MKL_NUM_THREADS"], "not seen")

    def test_devices(self):
        from trainyard.supervising.launch import _show_devices

        def shown(*slots):
            env = {"CUDA_VISIBLE_DEVICES": "before"}
            _show_devices(env, [dict(zip(("kind", "index", "id"), slot)) for slot in slots])
            return env

        self.assertEqual(shown(("cpu", 0, "cpu:0"))["CUDA_VISIBLE_DEVICES"], "")
        self.assertEqual(shown(("cuda", 2, "gpu:GPU-a"))["CUDA_VISIBLE_DEVICES"], "2")
        self.assertEqual(shown(("cuda", 0, "gpu:MIG-a"))["CUDA_VISIBLE_DEVICES"], "MIG-a")
        amd = shown(("rocm", 2, "gpu:a"), ("rocm", 3, "gpu:b"))
        self.assertEqual((amd["ROCR_VISIBLE_DEVICES"], amd["HIP_VISIBLE_DEVICES"]), ("2,3", "0,1"))
        self.assertNotIn("CUDA_VISIBLE_DEVICES", amd)
        custom = shown(("custom", 0, "custom:npu:0"), ("custom", 1, "custom:npu:1"))
        self.assertEqual(custom["TRAINYARD_DEVICES"], "npu:0,npu:1")
        self.assertEqual(custom["CUDA_VISIBLE_DEVICES"], "before")


class Trees(Pool):
    SPAWN = """
        import os, subprocess, sys, time
        code = "import os, signal, sys, time\\n"
        code += "signal.signal(signal.SIGTERM, signal.SIG_IGN)\\nprint(os.getpid(), flush=True)\\ntime.sleep(300)"
        def child(**options):
            process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, **options)
            process.stdout.readline()
            return process.pid
    """

    def pids(self, run_dir):
        return [int(word) for word in self.text(run_dir, "stdout.log").split() if word.isdigit()]

    def test_children_that_outlive_the_script(self):
        script = (
            self.SPAWN
            + """
        pids = [child(), child(start_new_session=True), child(start_new_session=True, env={})]
        if os.fork() == 0:  # twice forked, in a session of its own: an orphan at once
            os.setsid()
            if os.fork() == 0:
                pids.append(os.getpid())
                print(*pids, "ready", flush=True)
                time.sleep(300)
            os._exit(0)
        time.sleep(0.5)
        """
        )
        run_dir, ended = self.run_script(script)
        self.assertEqual(ended["code"], 0)
        pids = self.pids(run_dir)
        self.assertEqual(len(pids), 4)
        self.assertEqual(ended["killedChildren"], 4)
        for pid in pids:
            self.assertTrue(is_dead(pid))

    WORKERS = """
        import multiprocessing, os, signal, subprocess, sys, time

        def work(names):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            names.put(os.getpid())
            time.sleep(300)

        if __name__ == "__main__":
            pids = []
            for method in ("fork", "spawn", "forkserver"):
                context = multiprocessing.get_context(method)
                names = context.Queue()
                context.Process(target=work, args=(names,), daemon=True).start()
                pids.append(names.get())
            stopped = subprocess.Popen(["sleep", "300"], start_new_session=True, env={})
            os.kill(stopped.pid, signal.SIGSTOP)
            burst = subprocess.Popen(["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do (sleep 300 & sleep 300 &) & done; wait"])
            burst.wait()
            print(*pids, stopped.pid, "ready", flush=True)
            time.sleep(300)
    """

    def test_workers_of_data_loaders_stopped_processes_and_orphans_end_with_their_run(self):
        run_dir = self.make(self.WORKERS)
        self.start(run_dir)
        self.say(run_dir, "ready")
        self.control(run_dir, 1, "kill")
        self.finish(run_dir)
        self.assertEqual(len(self.pids(run_dir)), 4)
        self.assertEqual([pid for pid in self.pids(run_dir) if not is_dead(pid)], [])
        self.assertEqual(self.members_of(run_dir), [])

    def test_they_end_too_when_supervisor_and_script_are_killed_and_another_supervisor_comes(self):
        run_dir = self.make(self.WORKERS)
        supervisor = self.start(run_dir)
        self.say(run_dir, "ready")
        script = wait_for(lambda: self.read(run_dir, "supervisor.json")["script"], "the script's pid")["pid"]
        os.kill(supervisor.pid, signal.SIGSTOP)  # so that it ends nobody itself
        os.kill(script, signal.SIGKILL)
        supervisor.kill()
        supervisor.wait()
        self.start(run_dir, "--adopt")
        self.finish(run_dir)
        self.assertEqual([pid for pid in self.pids(run_dir) if not is_dead(pid)], [])
        self.assertEqual(self.members_of(run_dir), [])

    def members_of(self, run_dir):
        key = self.read(run_dir, "spec.json")["key"].encode()
        return [pid for pid in os.listdir("/proc") if pid.isdigit() and self.carries(pid, key)]

    def test_a_child_that_was_forked_under_a_lock_of_ours_cannot_hold_up_the_supervisor(self):
        """A fork while the harness writes provenance.json has the lock for as long as the child lives."""
        script = """
            import fcntl, os, time
            lock = os.open("../.provenance.json.lock", os.O_RDWR | os.O_CREAT)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fork() == 0:
                time.sleep(300)
            print("ready", flush=True)
        """
        run_dir, ended = self.run_script(script)
        self.assertEqual((ended["code"], ended["killedChildren"]), (0, 1))
        self.assertIn("supervisor", self.read(run_dir, "provenance.json"))

    def test_kill_takes_the_whole_tree_at_once(self):
        script = (
            self.SPAWN
            + """
        print(os.getpid(), child(start_new_session=True), child(start_new_session=True, env={}), "ready", flush=True)
        time.sleep(300)
        """
        )
        run_dir = self.make(script)
        self.start(run_dir)
        self.say(run_dir, "ready")
        self.control(run_dir, 1, "kill")
        ended = self.finish(run_dir)
        self.assertEqual((ended["signal"], ended["asked"], ended["escalated"]), ("SIGKILL", "kill", "SIGKILL"))
        self.assertFalse(ended["outOfMemory"])
        for pid in self.pids(run_dir):
            self.assertTrue(is_dead(pid))

    def test_a_chain_of_forks_is_caught(self):
        """Each link forks the next, in a session of its own, and leaves: whoever looks once sees only what is gone.
        One link lives at a time and the chain ends by itself, so that a failure does no harm."""
        script = """
            import os, signal, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            until = time.monotonic() + 10
            print("ready", flush=True)
            if os.fork():
                time.sleep(300)
            while time.monotonic() < until:
                if os.fork():
                    time.sleep(0.002)
                    os._exit(0)
                os.setsid()
        """
        run_dir = self.make(script)
        self.start(run_dir)
        self.say(run_dir, "ready")
        self.control(run_dir, 1, "kill")
        self.assertEqual(self.finish(run_dir)["asked"], "kill")
        self.assertEqual(self.members_of(run_dir), [])

    def carries(self, pid, key):
        try:
            with open("/proc/%s/environ" % pid, "rb") as file:
                return key in file.read() and not is_dead(int(pid))
        except OSError:
            return False


class Stopping(Pool):
    def test_acknowledged(self):
        script = """
            import time, trainyard
            run = trainyard.init()
            print("ready", flush=True)
            while not run.should_stop():
                time.sleep(0.01)
            raise SystemExit(9)
        """
        for number, action in enumerate(("pause", "preempt", "stop")):
            with self.subTest(action):
                run_dir = self.make(script, name="1.%d.1" % number)
                self.start(run_dir)
                self.say(run_dir, "ready")
                self.control(run_dir, 4, action)
                ended = self.finish(run_dir)
                self.assertEqual(ended["acknowledged"], {"control": 4, "action": action})
                self.assertEqual((ended["code"], ended["asked"], ended["escalated"]), (9, action, None))

    def test_gone_before_the_supervisor_has_looked(self):
        """The script writes its own control.json, so that it has acknowledged and left within milliseconds."""
        script = """
            import json, os, trainyard
            run = trainyard.init()
            content = {"version": 1, "control": 2, "action": "pause", "reason": "test", "at": 1.5}
            with open("../control.tmp", "w") as file:
                json.dump(content, file)
            os.rename("../control.tmp", "../control.json")
            assert run.should_stop()
            os._exit(0)
        """
        for number in range(5):
            _, ended = self.run_script(script, name="1.%d.1" % number)
            self.assertEqual((ended["acknowledged"], ended["asked"]), ({"control": 2, "action": "pause"}, "pause"))

    def test_stop_not_acknowledged_is_terminated(self):
        run_dir = self.make("import time\nprint('ready', flush=True)\ntime.sleep(300)", stopAcknowledgeS=0.2)
        self.start(run_dir)
        self.say(run_dir, "ready")
        self.control(run_dir, 1, "stop")
        ended = self.finish(run_dir)
        self.assertEqual((ended["signal"], ended["asked"], ended["escalated"]), ("SIGTERM", "stop", "SIGTERM"))
        self.assertIsNone(ended["acknowledged"])

    def test_a_script_that_ignores_sigterm_is_killed(self):
        script = """
            import signal, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("ready", flush=True)
            time.sleep(300)
        """
        run_dir = self.make(script, stopAcknowledgeS=0.2, stopTermS=0.2)
        self.start(run_dir)
        self.say(run_dir, "ready")
        self.control(run_dir, 1, "stop")
        ended = self.finish(run_dir)
        self.assertEqual((ended["signal"], ended["escalated"], ended["outOfMemory"]), ("SIGKILL", "SIGKILL", False))

    def test_a_pause_that_is_never_followed_is_killed(self):
        run_dir = self.make("import time\nprint('ready', flush=True)\ntime.sleep(300)", preemptionTimeoutS=0.3)
        self.start(run_dir)
        self.say(run_dir, "ready")
        self.control(run_dir, 1, "pause")
        ended = self.finish(run_dir)
        self.assertEqual((ended["signal"], ended["asked"], ended["escalated"]), ("SIGKILL", "pause", "SIGKILL"))

    def test_signals_to_the_supervisor_end_nothing(self):
        run_dir = self.make("import time\nprint('ready', flush=True)\ntime.sleep(1)\nprint('through')")
        process = self.start(run_dir)
        self.say(run_dir, "ready")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process.send_signal(number)
        self.assertEqual(self.finish(run_dir)["code"], 0)
        self.assertIn("through", self.text(run_dir, "stdout.log"))

    def test_garbage_in_control_json_is_passed_over(self):
        run_dir = self.make("import time\nprint('ready', flush=True)\ntime.sleep(0.5)")
        self.start(run_dir)
        self.say(run_dir, "ready")
        with open(os.path.join(run_dir, "control.json"), "wb") as file:
            file.write(b'\xff[{"control":')
        self.assertEqual(self.finish(run_dir)["code"], 0)


class Books(Pool):
    def test_system_metrics_and_heartbeat(self):
        run_dir = self.make("import time\nb = b'x' * 50_000_000\nprint('ready', flush=True)\ntime.sleep(300)")
        self.start(run_dir)
        self.say(run_dir, "ready")
        events = wait_for(lambda: self.events(run_dir, "system"), "a system event")
        values = events[0]["values"]
        self.assertGreater(values["memory_bytes"], 50_000_000)
        self.assertGreater(values["disk_free_bytes"], 0)
        self.assertGreaterEqual(values["cpu_percent"], 0)
        before = self.read(run_dir, "supervisor.json")
        self.assertEqual(before["pid"], self.supervisors[-1].pid)
        wait_for(lambda: self.read(run_dir, "supervisor.json")["heartbeatAt"] > before["heartbeatAt"], "a heartbeat")
        self.control(run_dir, 1, "kill")
        ended = self.finish(run_dir)
        self.assertGreater(ended["peakMemoryBytes"], 50_000_000)
        self.assertGreaterEqual(ended["memoryLimitBytes"], ended["peakMemoryBytes"])


class Adopting(Pool):
    def start_and_kill_supervisor(self, script, **changes):
        run_dir = self.make(script, **changes)
        process = self.start(run_dir)
        self.say(run_dir, "ready")
        script_pid = wait_for(lambda: self.read(run_dir, "supervisor.json")["script"], "the script's pid")["pid"]
        process.kill()
        process.wait()
        return run_dir, script_pid

    SCRIPT = """
        import os, time
        print("ready", flush=True)
        while not os.path.exists("../go"):
            time.sleep(0.01)
    """

    def test_the_living_script_goes_on_and_ends_unknown(self):
        run_dir, pid = self.start_and_kill_supervisor(self.SCRIPT)
        self.start(run_dir, "--adopt")
        wait_for(lambda: self.read(run_dir, "supervisor.json")["adopted"], "the adoption")
        self.assertFalse(is_dead(pid))
        self.assertEqual(self.read(run_dir, "supervisor.json")["script"]["pid"], pid)
        wait_for(lambda: self.events(run_dir, "system", "supervisor-"), "a system event of the adopter")
        open(os.path.join(run_dir, "go"), "w").close()
        ended = self.finish(run_dir)
        self.assertEqual((ended["code"], ended["signal"], ended["escalated"]), (None, None, None))

    def test_the_adopter_kills_the_whole_tree(self):
        script = "import subprocess\nsubprocess.Popen(['sleep', '300'], start_new_session=True)\n"
        run_dir, pid = self.start_and_kill_supervisor(
            script + "import time\nprint('ready', flush=True)\ntime.sleep(300)"
        )
        key = self.read(run_dir, "spec.json")["key"]
        self.start(run_dir, "--adopt")
        self.control(run_dir, 1, "kill")
        ended = self.finish(run_dir)
        self.assertEqual((ended["asked"], ended["escalated"]), ("kill", "SIGKILL"))
        self.assertTrue(is_dead(pid))
        found = subprocess.run(["grep", "-lz", key, *environs()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual([name for name in found.stdout.decode().split() if not is_dead(int(name.split("/")[2]))], [])

    def test_a_script_that_died_with_its_supervisor(self):
        run_dir, pid = self.start_and_kill_supervisor(self.SCRIPT)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: is_dead(pid), "the script's death")
        self.start(run_dir, "--adopt")
        ended = self.finish(run_dir)
        self.assertEqual((ended["code"], ended["signal"]), (None, None))

    def steps(self, run_dir):
        return [event["step"] for event in self.events(run_dir, "metrics", "output")]

    def test_metrics_of_the_output_go_on_none_lost_and_none_twice(self):
        script = """
            import os, sys, time
            def train(first, beyond):
                for step in range(first, beyond):
                    print("step=%d loss=0.5" % step, file=sys.stderr if step % 3 else sys.stdout, flush=True)
            def wait(name):
                while not os.path.exists("../" + name):
                    time.sleep(0.01)
            train(0, 40)
            print("ready", flush=True)
            wait("more")
            train(40, 80)
            wait("go")
            train(80, 100)
        """
        run_dir = self.make(script)
        first = self.start(run_dir)
        self.say(run_dir, "ready")
        wait_for(lambda: len(self.steps(run_dir)) == 40, "the first metrics")
        first.kill()
        first.wait()
        open(os.path.join(run_dir, "more"), "w").close()  # nobody watches
        second = self.start(run_dir, "--adopt")
        wait_for(lambda: len(self.steps(run_dir)) >= 80, "the metrics of the adopter")
        second.kill()
        second.wait()
        open(os.path.join(run_dir, "go"), "w").close()
        pid = self.read(run_dir, "supervisor.json")["script"]["pid"]
        wait_for(lambda: is_dead(pid), "the script's end")
        self.start(run_dir, "--adopt")
        self.finish(run_dir)
        self.assertEqual(sorted(self.steps(run_dir)), list(range(100)))

    def test_a_living_supervisor_is_not_replaced(self):
        run_dir = self.make(self.SCRIPT)
        first = self.start(run_dir)
        self.say(run_dir, "ready")
        for options in ((), ("--adopt",)):
            second = self.start(run_dir, *options)
            self.assertEqual(second.wait(60), 3)
        self.assertIsNone(first.poll())
        open(os.path.join(run_dir, "go"), "w").close()
        self.assertEqual(first.wait(60), 0)
        self.assertEqual(self.start(run_dir).wait(60), 3, "a run is run once")
        self.assertEqual(self.start(run_dir, "--adopt").wait(60), 0, "nothing to adopt: it has ended")
        self.assertEqual(self.read(run_dir, "exit.json")["code"], 0)


def environs():
    return ["/proc/%s/environ" % pid for pid in os.listdir("/proc") if pid.isdigit()]


if __name__ == "__main__":
    unittest.main()
