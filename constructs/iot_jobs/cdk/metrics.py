"""The metrics of each job."""

from __future__ import annotations

from typing import TypedDict, Unpack

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch


class MetricOptions(TypedDict, total=False):
    """Options of `cloudwatch.Metric`, except the namespace, the name and the dimensions."""

    account: str | None
    color: str | None
    id: str | None
    label: str | None
    period: cdk.Duration | None
    region: str | None
    stack_account: str | None
    stack_region: str | None
    statistic: str | None
    unit: cloudwatch.Unit | None
    visible: bool | None


class JobMetrics:
    """Metrics in the namespace `AWS/IoT`. Their only dimension is the job's id, so each method takes it.

    A metric counts the executions that entered a status during the period; with `total`, all that have the status
    (https://docs.aws.amazon.com/iot/latest/developerguide/metrics_dimensions.html). There is no metric for executions
    that timed out. Options are those of `cloudwatch.Metric`.
    """

    def metric(self, metric_name: str, *, job_id: str, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """The metric with this name for one job; by default the sum over the period."""
        return cloudwatch.Metric(
            namespace="AWS/IoT",
            metric_name=metric_name,
            dimensions_map={"JobId": job_id},
            **(MetricOptions(statistic="Sum") | options),
        )

    def metric_queued(self, *, job_id: str, total: bool = False, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """Executions that are queued for their device."""
        return self._executions("Queued", job_id, total, options)

    def metric_in_progress(
        self, *, job_id: str, total: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """Executions that are in progress on their device."""
        return self._executions("InProgress", job_id, total, options)

    def metric_succeeded(
        self, *, job_id: str, total: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """Executions that succeeded. AWS spells the metric `Succeded`."""
        return self._executions("Succeded", job_id, total, options)

    def metric_failed(self, *, job_id: str, total: bool = False, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """Executions that failed."""
        return self._executions("Failed", job_id, total, options)

    def metric_rejected(
        self, *, job_id: str, total: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """Executions that their device rejected."""
        return self._executions("Rejected", job_id, total, options)

    def metric_removed(
        self, *, job_id: str, total: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """Executions whose thing was deleted, or left the target groups."""
        return self._executions("Removed", job_id, total, options)

    def metric_canceled(
        self, *, job_id: str, total: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """Executions that were canceled."""
        return self._executions("Canceled", job_id, total, options)

    def metric_client_errors(self, *, job_id: str, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """Errors that a client of the job caused."""
        return self.metric("ClientErrorCount", job_id=job_id, **options)

    def metric_server_errors(self, *, job_id: str, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """Errors that the service caused."""
        return self.metric("ServerErrorCount", job_id=job_id, **options)

    def _executions(self, status: str, job_id: str, total: bool, options: MetricOptions) -> cloudwatch.Metric:
        if not total:
            return self.metric(f"{status}JobExecutionCount", job_id=job_id, **options)
        # A level, not a flow: adding up what was reported in a period would count an execution many times.
        return self.metric(
            f"{status}JobExecutionTotalCount", job_id=job_id, **(MetricOptions(statistic="Maximum") | options)
        )
