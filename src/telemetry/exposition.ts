import { AggregatorRegistry } from 'prom-client';
import type { MeasuredMetrics } from './call-metrics.js';

/** The Content-Type of {@link writeExposition} (Prometheus text format). */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Writes the figures of several processes as one: they are added up, but for those to which the client gave another way, as delays. */
export function writeExposition(measured: readonly MeasuredMetrics[]): Promise<string> {
  return AggregatorRegistry.aggregate([...measured]).metrics();
}
