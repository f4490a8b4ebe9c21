"""Flower wants a ClientApp in every app. The branches are `regulars federated join`; this one is never run."""

from flwr.clientapp import ClientApp

app = ClientApp()
