from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseSettings(BaseModel):
    host: str = "localhost"
    port: int = 5432
    name: str = "service"
    user: str = "service"
    password: SecretStr = SecretStr("")


class AppSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__", env_file=".env", extra="ignore")

    secret_key: SecretStr
    debug: bool = False
    allowed_hosts: list[str] = ["*"]
    database: DatabaseSettings = DatabaseSettings()
    redis_url: str = "redis://localhost:6379/0"


config = AppSettings()
