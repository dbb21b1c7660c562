from aws_cdk import App, Stack

from iot_jobs import JobDocument
from iot_jobs.cdk import JobTemplate

JobTemplate(
    Stack(App(), "Jobs"),
    "Reboot",
    template_name="reboot",
    description="Reboot a board",
    document=JobDocument.inline({"operation": "reboot.sh"}),
    parameter_prefix="/aws/fleet",
)
