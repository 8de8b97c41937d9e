/** One measurement of a steady load: clients that stay connected, with messages at an even pace. */
import type { SteadyJob, SteadyResult } from '../load/load-job.ts';
import { type Measurement, measureLoad } from '../system/measure-load.ts';
import { MESSAGE_BYTES } from './measure-publishing.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { RunConditions } from './workload.ts';

export type SteadySettings = Pick<SteadyJob, 'clients' | 'label'> &
  Partial<
    Pick<
      SteadyJob,
      'groups' | 'messagesPerSecond' | 'groupMessagesPerSecond' | 'acks' | 'sharesOneId' | 'measures'
    >
  >;

/** Nothing is sent if nothing is said. */
export function measureSteady(
  settings: SteadySettings,
  { system, cores, runNumber, profilePath, warmUpSeconds, measureSeconds }: RunConditions,
): Promise<{ readonly result: SteadyResult; readonly measurement: Measurement }> {
  return measureLoad({
    system,
    cores,
    profilePath,
    job: {
      kind: 'steady',
      system: systemUnderLoad(system),
      groups: 0,
      messagesPerSecond: 0,
      groupMessagesPerSecond: 0,
      acks: false,
      measures: 'running',
      ...settings,
      label: `${settings.label}${runNumber}`,
      messageBytes: MESSAGE_BYTES,
      warmUpSeconds,
      measureSeconds,
    },
  });
}
