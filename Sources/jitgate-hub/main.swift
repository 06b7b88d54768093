import ArgumentParser
import Hub
