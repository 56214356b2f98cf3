/** File in a run's folder that exists while the run goes on, and after a crash. */
export const JOURNAL_FILE = 'journal.ndjson'
