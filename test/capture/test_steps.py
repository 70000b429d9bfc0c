"""Where the time of steps goes: what a DataLoader lets the script wait, what saving takes."""

import unittest

from libraries import in_environments


@in_environments("new", "old")
class Steps:
    def test_what_a_loader_tells(self):
        run_dir = self.run_captured(
            """
            import hashlib, json, sys, time, torch
            from torch.utils.data import DataLoader, Dataset

            class Slow(Dataset):
                def __len__(self): return 60
                def __getitem__(self, index):
                    time.sleep(0.06)
                    return torch.rand(3)

            torch.manual_seed(1)
            order = []
            for workers in (0, 1):
                for at, batch in enumerate(DataLoader(Slow(), batch_size=1, shuffle=True, num_workers=workers)):
                    time.sleep(0.04)
                    order.append(batch.tolist())
                    if at % 20 == 0:
                        torch.save(torch.zeros(10), "last.pt")
            """
        )
        events = [event["values"] for event in self.events(run_dir, "system", "harness")]
        self.assertGreaterEqual(len(events), 2)
        for values in events:
            self.assertEqual(sorted(values), ["checkpoint_percent", "data_wait_percent", "step_ms"])
            self.assertTrue(0 <= values["checkpoint_percent"] <= 100)
            self.assertTrue(0 < values["data_wait_percent"] < 100, values)
            self.assertGreaterEqual(values["step_ms"], 60)
        self.assertGreater(max(values["checkpoint_percent"] for values in events), 0)
        self.assertEqual(self.warnings(run_dir), {})

    def test_nothing_is_changed(self):
        script = """
            import hashlib, os, torch
            from torch.utils.data import DataLoader, TensorDataset
            torch.manual_seed(3)
            data = TensorDataset(torch.rand(64, 4), torch.rand(64, 1))
            model = torch.nn.Linear(4, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(3):
                for x, y in DataLoader(data, batch_size=8, shuffle=True):
                    optimizer.zero_grad()
                    torch.nn.functional.mse_loss(model(x), y).backward()
                    optimizer.step()
                torch.save(model.state_dict(), "last.pt")
            weights = b"".join(p.detach().numpy().tobytes() for p in model.parameters())
            print(hashlib.sha256(weights).hexdigest(), hashlib.sha256(open("last.pt", "rb").read()).hexdigest())
            """
        with_it = self.run_captured(script)
        without = self.run_captured(script, name="1.2.1", capture=[])
        self.assertEqual(self.text(with_it, "stdout.log"), self.text(without, "stdout.log"))
        self.assertNotEqual(self.events(with_it, "checkpoint"), [])
        self.assertEqual(self.events(without, "checkpoint"), [])


del Steps  # only what was made of it is to be run

if __name__ == "__main__":
    unittest.main()
