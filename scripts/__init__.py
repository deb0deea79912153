"""Scripts that install, build and translate the project. The project itself never imports them."""
