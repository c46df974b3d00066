class EventsRouter:
    """Events have a database of their own."""

    route_app_labels = {"events"}

    def db_for_read(self, model, **hints):
        if model._meta.app_label in self.route_app_labels:
            return "events"
        return None

    def db_for_write(self, model, **hints):
        if model._meta.app_label in self.route_app_labels:
            return "events"
        return None

    def allow_relation(self, obj1, obj2, **hints):
        return None

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        if app_label in self.route_app_labels:
            return db == "events"
        return False if db == "events" else None
