/** What a window can be asked before it closes during a run. */
export const CLOSE_QUESTION = {
  type: 'question',
  message: 'A run is going on. Stop it and close?',
  detail: 'Sends in flight are cut. What was measured so far is kept in the history.',
  buttons: ['Keep running', 'Stop and close'],
  defaultId: 0,
  cancelId: 0,
  noLink: true
} satisfies Electron.MessageBoxOptions

/** Index of the answer that closes. */
export const STOP_AND_CLOSE = 1
