from iot_jobs import Environment, Fleet, JobDocument, JobTemplateSpec

document = JobDocument.inline({"operation": "reboot.sh"})
reboot = JobTemplateSpec(template_name="reboot", description="Reboot a board", document=document)
other = JobTemplateSpec(template_name="reboot-at-night", description="Reboot a board", document=document)
Environment(
    name="test", account="123456789012", region="eu-west-1", fleet=Fleet(things=1000), templates=[reboot, other]
)
