"""Typed settings, and what of them production refuses."""

from ocr_platform.settings.environment import SECRETS, allowed_insecurities, load_settings
from ocr_platform.settings.guard import Surroundings, insecurities, is_example
from ocr_platform.settings.kinds import AppEnv, AwsCredentials, Insecurity, LogLevel, SslMode
from ocr_platform.settings.model import Settings

__all__ = [
    "SECRETS",
    "AppEnv",
    "AwsCredentials",
    "Insecurity",
    "LogLevel",
    "Settings",
    "SslMode",
    "Surroundings",
    "allowed_insecurities",
    "insecurities",
    "is_example",
    "load_settings",
]
