/** Paths on a 20 by 20 grid, drawn with a line of 1.6. */
export const ICON_PATHS = {
  setup: 'M3 6h7M14 6h3M3 14h3M10 14h7M12 4v4M8 12v4',
  live: 'M2.5 11h3.2l2.3-6 3.6 11 2.4-5h3.5',
  result: 'M3 4.5h11M3 10h6M3 15.5h8.5M14 10h.01',
  ports: 'M10 3v4M10 13v4M3 10h4M13 10h4M10 7.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z',
  history: 'M3.2 10a6.8 6.8 0 1 0 2-4.8L3.2 7.2M3.2 3.4v3.8H7M10 6.4V10l2.6 1.8',
  plus: 'M10 4.5v11M4.5 10h11',
  up: 'M5 12l5-5 5 5',
  'move-up': 'M10 16V4.5M5.5 9L10 4.5 14.5 9',
  'move-down': 'M10 4v11.5M5.5 11l4.5 4.5 4.5-4.5',
  down: 'M5 8l5 5 5-5',
  right: 'M8 5l5 5-5 5',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  trash: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6',
  close: 'M5 5l10 10M15 5L5 15',
  check: 'M4 10.5l4 4 8-9',
  warning: 'M10 3.5l7 12.5H3zM10 8.5v3.5M10 14h.01',
  system: 'M3 4h14v9H3zM7 16.5h6M10 13v3.5',
  light:
    'M10 6.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4zM10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M4.7 15.3l1.1-1.1M14.2 5.8l1.1-1.1',
  dark: 'M16 11.5A6.5 6.5 0 0 1 8.5 4a6.5 6.5 0 1 0 7.5 7.5z',
  pen: 'M4 16l.8-3.4L13.2 4.2l2.6 2.6-8.4 8.4z',
  star: 'M10 3l2.1 4.6 5 .5-3.8 3.3 1.1 4.9L10 13.8l-4.4 2.5 1.1-4.9L2.9 8.1l5-.5z',
  more: 'M5 10h.01M10 10h.01M15 10h.01',
  stop: 'M5.5 5.5h9v9h-9z',
  play: 'M6.5 4.5l9 5.5-9 5.5z',
  folder: 'M3 5.5h5l1.5 2H17v8H3z',
  save: 'M10 3.5v9M6.5 9l3.5 3.5L13.5 9M4 16.5h12'
} as const
export type IconName = keyof typeof ICON_PATHS
