/**
 * The one file that imports @vscode/webview-ui-toolkit (frozen upstream at 1.4.0), and only its web components.
 * To replace the library, write this folder again. Selects are the platform's own: the toolkit's dropdown costs 26 KB
 * and is less accessible. The badge is ours: the toolkit's sets a style attribute, which the CSP forbids.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";

export function registerToolkit(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodePanels(),
    vsCodePanelTab(),
    vsCodePanelView(),
    vsCodeTextField(),
  );
}
