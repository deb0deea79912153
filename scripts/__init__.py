"""Scripts that install and translate the project. The project itself does not import them."""
