"""The local stack: real MongoDB and RabbitMQ, the stand-ins and every service, without Docker."""
