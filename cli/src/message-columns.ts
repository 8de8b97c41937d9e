import type { LogEntry } from '@postline/protocol';
import type { Column } from './output/output.ts';

export const MESSAGE_COLUMNS: readonly Column<LogEntry>[] = [
  { title: 'STORED AT', text: ({ createdAt }) => createdAt, style: 'dim' },
  { title: 'TARGET', text: ({ targetId }) => targetId, style: 'cyan' },
  { title: 'OFFSET', text: ({ offset }) => String(offset) },
  { title: 'MESSAGE', text: ({ data }) => data },
];
