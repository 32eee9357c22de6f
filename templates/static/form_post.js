// Brings the answer to the application; without JavaScript the button does (OAuth 2.0 Form Post Response Mode).
document.getElementById("response").submit();
