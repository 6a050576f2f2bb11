"""What the first `shelfwise up` in a data folder makes: the schema, the administrator, and a bundle to answer with."""

import shutil
import sys

from cli.supervisor import Part, Supervisor
from cli.terminal import say
from shared.bundle import FORMAT_VERSION, Bundle
from shared.bundles import active_version, manifest_of
from shared.database import Database
from shared.errors import ConfigurationError, InvalidInput, Unavailable
from shared.passwords import Passwords, generated_password, refuse_weak_password
from shared.releases import publish
from shared.settings import Settings
from shared.store import ObjectStore
from shared.users import Role, add_user, has_users

ADMIN = "admin"
WORKSHOP = "first_bundle"  # below the data folder, while the first bundle is trained


def prepare_database(settings: Settings, database: Database) -> None:
    """Migrate, and make the first administrator."""
    from migrations.upgrade import upgrade

    upgrade(settings.database)
    with database.read() as connection:
        if has_users(connection):
            return
    given = settings.admin_password.get_secret_value() if settings.admin_password else None
    if given:
        _require_strong(given)
    password = given or generated_password()
    password_hash = Passwords().hash(password)
    with database.begin() as connection:
        add_user(connection, ADMIN, password_hash, Role.ADMIN)
    if not given:
        say(f"made the user {ADMIN} with the password {password} (it is not shown again)")


def _require_strong(admin_password: str) -> None:
    try:
        refuse_weak_password(admin_password, ADMIN)
    except InvalidInput as refusal:
        raise ConfigurationError(f"SHELFWISE_ADMIN_PASSWORD: {refusal.message}") from None


def prepare_bundle(settings: Settings, database: Database, supervisor: Supervisor, environment: dict[str, str]) -> None:
    """Train and activate the demo bundle where no bundle is active, or one of a format that is not read any more."""
    with database.read() as connection:
        version = active_version(connection)
        if version is not None and manifest_of(connection, version).format_version == FORMAT_VERSION:
            return
    workshop = settings.data_dir / WORKSHOP
    folder = workshop / "demo"  # appears there when it is complete, so what a killed start left is as good
    if not folder.exists():
        shutil.rmtree(workshop, ignore_errors=True)
        workshop.mkdir(parents=True)  # from now on, since `doctor` goes by it
        why = "no bundle is active" if version is None else f"{version} is of a format that is not read any more"
        say(f"{why}: training the demo bundle (once; one to five minutes on two cores)")
        features = settings.data_dir / "cache" / "features"
        command = [sys.executable, "-m", "training.demo.bundle", "--out", str(folder), "--cache", str(features)]
        status = supervisor.run_to_end(Part("training", command, environment))
        if supervisor.stop_asked:
            return
        if status != 0:
            raise Unavailable(f"Training the demo bundle failed with status {status}.")
    publish(database, ObjectStore(settings.store), Bundle.open(folder), activated=True)
    shutil.rmtree(workshop)
