/** Progress with cancel, for what takes longer than a person likes to wait without a word. */
import * as vscode from "vscode";

const SHOW_AFTER_MS = 1000;

export interface ProgressReport {
  message?: string;
  /** 0 to 1; shown as a bar that only grows. */
  fraction?: number;
}

/** Runs `work`; a notification appears only when it is still running after a second. */
export async function withProgress<T>(
  title: string,
  work: (signal: AbortSignal, report: (report: ProgressReport) => void) => Promise<T>,
): Promise<T> {
  const cancel = new AbortController();
  let last: ProgressReport = {};
  let show: (() => void) | null = null;
  const running = work(cancel.signal, (report) => {
    last = report;
    show?.();
  });
  const timer = setTimeout(() => {
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      async (progress, token) => {
        token.onCancellationRequested(() => cancel.abort());
        let shown = 0;
        show = () => {
          const now = Math.round((last.fraction ?? 0) * 100);
          progress.report({
            ...(last.message === undefined ? {} : { message: last.message }),
            ...(last.fraction === undefined ? {} : { increment: Math.max(0, now - shown) }),
          });
          shown = Math.max(shown, now);
        };
        show();
        await running.catch(() => undefined);
      },
    );
  }, SHOW_AFTER_MS);
  try {
    return await running;
  } finally {
    clearTimeout(timer);
  }
}
