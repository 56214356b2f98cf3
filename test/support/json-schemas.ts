import { capacityRecordJsonSchema } from '../../shared/capacity-record.ts'
import { planJsonSchema } from '../../shared/plan.ts'
import { probeRecordJsonSchema } from '../../shared/probe-record.ts'
import { runRecordJsonSchema } from '../../shared/run-record.ts'
import { sweepRecordJsonSchema } from '../../shared/sweep.ts'

/** The JSON schemas that are published in `docs/schemas`, by file. */
export const JSON_SCHEMAS = {
  'plan.schema.json': planJsonSchema,
  'run.schema.json': runRecordJsonSchema,
  'sweep.schema.json': sweepRecordJsonSchema,
  'probe.schema.json': probeRecordJsonSchema,
  'capacity.schema.json': capacityRecordJsonSchema
} as const satisfies Record<string, () => unknown>
