"""Pretrained networks, cut after the last layer that is used."""
