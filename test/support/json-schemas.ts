import { capacityRecordJsonSchema } from '../../shared/record/capacity-record.ts'
import { planJsonSchema } from '../../shared/plan/plan.ts'
import { probeRecordJsonSchema } from '../../shared/record/probe-record.ts'
import { runRecordJsonSchema } from '../../shared/record/run-record.ts'
import { studyRecordJsonSchema } from '../../shared/record/study-record.ts'
import { sweepRecordJsonSchema } from '../../shared/record/sweep-record.ts'

/** The JSON schemas that are published in `docs/schemas`, by file. */
export const JSON_SCHEMAS = {
  'plan.schema.json': planJsonSchema,
  'run.schema.json': runRecordJsonSchema,
  'sweep.schema.json': sweepRecordJsonSchema,
  'probe.schema.json': probeRecordJsonSchema,
  'capacity.schema.json': capacityRecordJsonSchema,
  'study.schema.json': studyRecordJsonSchema
} as const satisfies Record<string, () => unknown>
