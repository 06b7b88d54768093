import Grants
