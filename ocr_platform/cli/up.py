"""`ocr-platform up`: the stack stays, for development against it."""

import json
import shlex
import time

import click

from ocr_platform.cli.signals import orderly_exit

_CHECK_SECONDS = 0.5


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when the stack is up.")
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes; by default one a CPU.")
def up(as_json: bool, workers: int | None) -> None:
    """Start a throw-away stack, print its addresses and the environment to use it, stay until Ctrl-C.

    \b
    In another terminal:
      . FILE                                    the file that `up` names: the environment to use the stack
      ocr-platform submit s3://$S3_BUCKET_NAME/uploads/... --wait
    """
    from ocr_platform.local.stack import LocalStack

    with orderly_exit(), LocalStack(workers) as stack:
        stack.wait_until_ready()
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in stack.environment.items())
        env_file = stack.directory.write("environment.sh", exports)
        addresses = {
            "aws": stack.environment["AWS_ENDPOINT_URL"],
            "postgres": f"127.0.0.1:{stack.database_port}",
            "redis": f"127.0.0.1:{stack.redis_port}",
            "flower": stack.flower_url,
        }
        login = {"user": stack.flower_login.user, "password": stack.flower_login.password}
        if as_json:
            about = {"env_file": str(env_file), "logs": str(stack.logs), "flower_login": login}
            click.echo(json.dumps({"addresses": addresses, "environment": stack.environment, **about}))
        else:
            for name, address in addresses.items():
                click.echo(f"{name:<9} {address}")
            click.echo(f"          log in to Flower as {login['user']} with {login['password']}")
            click.echo(f"logs      {stack.logs}")
            click.echo(f"\nTo use it in another terminal:\n  . {env_file}\n\n{exports}\nCtrl-C ends it.")
        while True:
            stack.check()
            time.sleep(_CHECK_SECONDS)
