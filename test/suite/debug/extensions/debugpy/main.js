// What ms-python.debugpy does at its heart: debugpy's own adapter, here the one that test/suite/debug/environment.mts installs.
const vscode = require("vscode");

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.debug.registerDebugAdapterDescriptorFactory("debugpy", {
      createDebugAdapterDescriptor: () =>
        new vscode.DebugAdapterExecutable(process.env.TRAINYARD_SUITE_DEBUGPY, ["-m", "debugpy.adapter"]),
    }),
  );
};
